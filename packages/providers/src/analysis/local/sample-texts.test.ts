import { expect, it } from "vitest";

export const README = `# lantern-queue

[![build](https://img.shields.io/github/actions/example/lantern-queue)](https://github.com/example/lantern-queue/actions)

Lantern-queue is a durable job queue for Node.js. It keeps every job in PostgreSQL and uses Redis only to wake workers, so that an empty Redis never loses a job.

## Installation

\`\`\`sh
npm install lantern-queue
\`\`\`

## Job queue

A job queue takes work from a web request and hands it to a worker. Lantern-queue stores each job before it answers the request. Redis carries a ticket for the job; when Redis is emptied, the reconciler compares the rows in PostgreSQL with the tickets in Redis and adds the missing ones.

- Retries wait longer after each failure, up to an hour.
- Cancelled jobs are never started again.
- Workers renew a lease while they run a job, and another worker takes the job when the lease runs out.

### Retries

The delay between retries doubles after each failure. A job that fails five times is kept for inspection with its last error. Retries of one job never run at the same time.

## Worker leases

Each worker holds a lease on the job it runs. A lease is good for 30 seconds and is renewed every 7 seconds. When a worker dies, its leases run out and the jobs go back to the queue.

\`\`\`ts
import { createQueue } from "lantern-queue";
const queue = createQueue({ redis: "redis://localhost" });
\`\`\`

## Links

- Source: <https://github.com/example/lantern-queue>
- [Sponsor us](https://github.com/sponsors/example)
- Background: [arXiv:2101.01234](https://arxiv.org/abs/2101.01234)`;

export const NEWS = `City council approves flood barrier after two-year dispute

HAMBURG — The city council voted on Tuesday to build a 4.2-kilometre flood barrier along the southern bank of the Elbe, ending a dispute that had held up the project for more than two years. The barrier will cost 310 million euros and is expected to be finished in 2031.

Mayor Katharina Wolff called the vote "a decision for the next hundred years". The previous barrier, built after the storm surge of 1962, no longer meets the height that engineers consider necessary. According to a study by the Technical University of Hamburg, sea levels at the mouth of the river could rise by 60 centimetres before the end of the century.

Residents of the Wilhelmsburg district had sued the city in 2023, arguing that the barrier would cut them off from the water. "We were never against protection, we were against a wall in front of our windows," said Jens Petersen, who speaks for the residents' association. Under the compromise, a 900-metre section will be built as mobile flood gates that are raised only when a storm surge is forecast.

Opposition politicians criticised the price. The mobile gates alone account for 85 million euros, nearly three times the estimate of 2022. Council member Martin Schreiber said the city had "paid for its own delay". The finance department rejected the claim and pointed to higher steel prices.

Construction is to begin next spring. Traffic on the southern bank road will be limited to one lane for about eighteen months. The port authority said shipping would not be affected.`;

export const ESSAY = `# Why small teams should write decision records

Every codebase is the sediment of decisions. Some of them were argued over for weeks; most were made in a minute by somebody who had to choose something and move on. Five years later the two look the same. A reader sees a retry limit of seven and cannot tell whether seven was measured, negotiated, or typed.

A decision record is one page that says what was decided, what the alternatives were, and what would have to change for the decision to be wrong. Michael Nygard described the format in 2011, and teams at Spotify and Thoughtworks have written about their experience with it since. The format matters less than the habit: a record that is written on the day of the decision costs ten minutes, and one that is reconstructed later costs an afternoon and is usually fiction.

## What belongs in a record

The context comes first. Which forces were at work: a deadline, a customer, a library that had been abandoned? Then the decision itself, in one sentence. Then the consequences, including the bad ones. A record without bad consequences is advertising.

Small teams object that everybody knows why things are as they are. That is true until somebody leaves. In a study of 42 open-source projects, Christian Bird and his colleagues at Microsoft Research found that code written by people who later left has more defects than the rest. Knowledge walks out of the door, and decision records are the cheapest way to keep some of it.

## How to start

Write the first record about the decision to write records. Keep them beside the code in Git, number them, and never edit an accepted one: supersede it by a new one that links back. Review them like code. After a year, read all of them in one sitting; the patterns you find are worth more than any single record.`;

export const STANDARD = `Network Working Group                                        J. Example
Request for Comments: 99999                                Example Corp
Category: Standards Track                                      May 2024


                  The Lantern Message Delivery Protocol

Abstract

   This document specifies the Lantern Message Delivery Protocol (LMDP),
   a protocol for the delivery of short messages between hosts that are
   connected only intermittently.  LMDP stores a message at a relay until
   the receiving host polls for it, and guarantees that each message is
   delivered at least once.

1.  Introduction

   Hosts with intermittent connectivity cannot keep a TCP [RFC793]
   connection open to every peer.  Existing protocols such as SMTP
   [RFC5321] assume that the receiving host is reachable within minutes.
   LMDP relaxes this assumption.  A relay keeps a message for up to 30
   days, and the receiving host acknowledges each message explicitly.

   The key words "MUST", "MUST NOT", "SHOULD" and "MAY" in this document
   are to be interpreted as described in RFC 2119.

Example                      Standards Track                    [Page 1]

RFC 99999          Lantern Message Delivery Protocol            May 2024

2.  Relay Operation

2.1.  Message Storage

   A relay MUST store a message on stable storage before it acknowledges
   the sending host.  A relay that cannot store a message MUST answer
   with the status code 503.  Messages are identified by a 128-bit
   message identifier chosen by the sender.

2.2.  Polling

   A receiving host polls its relay by sending a POLL frame that holds
   the identifier of the last acknowledged message.  The relay answers
   with the messages that follow it, oldest first.  A host SHOULD NOT
   poll more than once a minute.

3.  Security Considerations

   Messages are encrypted end to end with the Noise protocol framework.
   A relay learns the size and the time of a message, but not its
   content.  A malicious relay can withhold messages; hosts SHOULD use
   more than one relay.`;

export const TRANSCRIPT = `[00:00] hey everyone welcome back to the channel today we're
[00:03] going to talk about how to set up a kubernetes cluster
[00:06] on raspberry pi so the first thing you need is
[00:09] at least three raspberry pi boards i'm using the
[00:12] raspberry pi 4 with eight gigs of memory and you
[00:15] also need a network switch so we're going to use k3s
[00:19] which is a lightweight kubernetes distribution
[00:22] it's made by rancher and it's perfect for arm devices
[00:26] so let's flash the sd cards with ubuntu server
[00:30] and then we will ssh into each node and install k3s
[00:34] the first node is going to be the control plane
[00:37] and the other two nodes will be worker nodes so you
[00:40] copy the node token from the control plane and you
[00:43] paste it into the install command on the worker nodes
[00:47] now run kubectl get nodes and you should see three nodes
[00:51] in the ready state next we install helm and deploy
[00:55] prometheus and grafana to monitor the cluster
[00:58] if you like this video please subscribe and see you
[01:01] in the next one`;

export const GERMAN = `# Datenbanken im Betrieb

Eine relationale Datenbank speichert Daten in Tabellen, die über Schlüssel miteinander verbunden sind. Die Abfragesprache SQL erlaubt es, Daten aus mehreren Tabellen zu verknüpfen und auszuwerten. PostgreSQL ist eine freie Datenbank, die seit mehr als dreißig Jahren entwickelt wird.

## Sicherung

Für die Sicherung einer Datenbank gibt es zwei Wege: die logische Sicherung, bei der die Daten als SQL-Befehle geschrieben werden, und die physische Sicherung, bei der die Dateien kopiert werden. Eine Sicherung ist nur so gut wie die Wiederherstellung, die man geübt hat. Jede Wiederherstellung sollte deshalb regelmäßig geprüft werden.

## Replikation

Bei der Replikation werden Änderungen an einen zweiten Server übertragen. Fällt der erste Server aus, übernimmt der zweite. Die Replikation ersetzt keine Sicherung, weil auch ein versehentliches Löschen übertragen wird.`;

export const CHINESE = `分布式消息队列是现代后端系统的重要组成部分。它将生产者和消费者解耦，使系统能够异步处理任务。Redis 提供了一种轻量级的消息队列实现，而 Kafka 适合处理大量的日志数据。在选择消息队列时，需要考虑可靠性、吞吐量和延迟。消息队列的可靠性取决于持久化策略。如果消费者在处理消息时崩溃，消息队列应当重新投递该消息。`;

it("the sample texts are long enough to mean something", () => {
  for (const text of [README, NEWS, ESSAY, STANDARD, TRANSCRIPT, GERMAN, CHINESE])
    expect(text.length).toBeGreaterThan(150);
});
