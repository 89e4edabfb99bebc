import type { LaneConsumer } from "@millrace/core";
import { ticketId } from "@millrace/core";
import { until, watchLeftovers } from "@millrace/testing";
import { describe, expect, test } from "vitest";
import {
  done,
  FAST,
  heldBack,
  LONG_LOCKS,
  later,
  type QueuePlace,
  someTicket,
  someTickets,
  useQueue,
} from "./use-queue.contract.ts";

/** Long enough for a busy machine to renew in time, short enough to see it happen. */
const SLOW_LOCKS = { ...FAST, lockMs: 6_000 };

/** What a lane's fetch loop must tell of itself, and what replacing it must do. */
export function laneConsumerContract(title: string, place: () => Promise<QueuePlace>): void {
  describe(title, () => {
    const { current, connect, record, isIdle } = useQueue(place);

    test("tells how many tickets are in hand, of how many, and whether it is paused", async () => {
      const { queue } = current();
      const { answer, release } = heldBack();
      const { consumer } = record(queue, () => answer, 2);
      expect(consumer.state()).toMatchObject({ isPaused: false, inHand: 0, concurrency: 2 });
      await queue.add(someTickets(3));
      await until(() => consumer.state().inHand === 2);
      await consumer.pause();
      expect(consumer.state()).toMatchObject({ isPaused: true, inHand: 2 });
      release();
      await until(() => consumer.state().inHand === 0);
      consumer.resume();
      await until(isIdle, { timeoutMs: 45_000 });
      expect(consumer.state()).toMatchObject({ isPaused: false, inHand: 0 });
    });

    test("an idle loop comes back from the queue after each of its reads", async () => {
      const { consumer } = record(current().queue);
      await untilFetchedTimes(consumer, 4);
    });

    test("a ticket that is due in an hour does not make its reads longer", async () => {
      const { queue } = current();
      const { consumer } = record(queue, () => later(3_600_000));
      await queue.add([someTicket()]);
      await until(async () => (await queue.counts("io")).delayed === 1);
      await untilFetchedTimes(consumer, 4);
    });

    test("with tickets in hand and free slots it comes back, too", async () => {
      const { queue } = current();
      const { consumer, seen } = record(await connect(LONG_LOCKS), () => new Promise(() => {}), 5);
      await queue.add(someTickets(2));
      await until(() => seen.length === 2);
      await untilFetchedTimes(consumer, 4);
    });

    test("what it did not fetch while it was paused or had no free slot does not count", async () => {
      const { queue } = current();
      const { answer, release } = heldBack();
      const { consumer, seen } = record(await connect(LONG_LOCKS), () => answer, 1);
      await queue.add([someTicket()]);
      await until(() => seen.length === 1);
      await until(() => consumer.state().msSinceFetch > 1_500);
      release();
      await until(() => consumer.state().inHand === 0 && consumer.state().msSinceFetch < 1_500);

      await consumer.pause();
      await until(() => consumer.state().msSinceFetch > 1_500);
      const pausedFor = consumer.state().msSinceFetch;
      consumer.resume();
      expect(consumer.state().msSinceFetch).toBeLessThan(pausedFor);
    });

    test("a new loop takes tickets while the old one's stay in hand, their locks renewed, and end once", async () => {
      const { queue, at } = current();
      const [held, next] = [someTicket(), someTicket()];
      const { answer, release } = heldBack();
      const { seen, consumer, times } = record(await connect(SLOW_LOCKS), ({ jobId }) =>
        jobId === held.jobId ? answer : done,
      );
      await queue.add([held]);
      await until(() => seen.length === 1);
      consumer.rebuild();
      const lockEndedAt = await at.lockEndsAt(ticketId(held));
      await queue.add([next]);
      await until(async () => (await queue.states([next]))[0] === "finished");
      expect(consumer.state().inHand).toBe(1);

      await until(async () => (await at.lockEndsAt(ticketId(held))) > lockEndedAt + 1_000, { timeoutMs: 20_000 });
      expect(await queue.states([held])).toEqual(["held"]);
      release();
      await until(async () => (await queue.states([held]))[0] === "finished");
      expect(times(held.jobId)).toBe(1);
      expect(consumer.state().inHand).toBe(0);
    });

    test("old and new loop together have no more in hand than one", async () => {
      const { queue } = current();
      const answers = [heldBack(), heldBack(), heldBack(), heldBack()];
      const { seen, consumer } = record(await connect(LONG_LOCKS), () => answers[seen.length - 1]!.answer, 2);
      await queue.add(someTickets(1));
      await until(() => seen.length === 1);
      consumer.rebuild();
      await queue.add(someTickets(3));
      await until(() => seen.length === 2);
      consumer.rebuild();
      await untilFull(consumer);
      expect(seen).toHaveLength(2);
      answers[0]!.release();
      await until(() => seen.length === 3);
      await untilFull(consumer);
      expect(seen).toHaveLength(3);
      for (const { release } of answers) release();
      await until(isIdle, { timeoutMs: 45_000 });
      expect(seen).toHaveLength(4);
    });

    test("a slot that a retired loop's ticket gives up is used at once", async () => {
      const { queue } = current();
      const first = heldBack();
      const { seen, consumer } = record(
        await connect(LONG_LOCKS),
        () => (seen.length === 1 ? first.answer : new Promise(() => {})),
        2,
      );
      await queue.add([someTicket()]);
      await until(() => seen.length === 1);
      consumer.rebuild();
      await queue.add(someTickets(2));
      await until(() => seen.length === 2);
      await untilFull(consumer);
      first.release();
      await until(() => seen.length === 3);
    });

    test("a paused lane's new loop is paused", async () => {
      const { queue } = current();
      const { seen, consumer } = record(queue);
      await untilFetchedTimes(consumer, 1);
      await consumer.pause();
      consumer.rebuild();
      const ticket = someTicket();
      await queue.add([ticket]);
      const other = record(await connect());
      await until(isIdle, { timeoutMs: 45_000 });
      expect(seen).toEqual([]);
      await other.consumer.close(1_000);
      consumer.resume();
      await queue.add([someTicket()]);
      await until(() => seen.length === 1);
    });

    test("a lane made anew again and again loses nothing, and closes without anything left behind", async () => {
      await current().queue.close();
      const watch = watchLeftovers();
      const own = await connect();
      const { seen, consumer } = record(own, () => done, 3);
      const added = own.add(someTickets(200));
      for (let i = 0; i < 5; i++) {
        consumer.rebuild();
        await until(() => seen.length > i * 20);
      }
      await added;
      await until(async () => {
        const { waiting, active } = await own.counts("io");
        return waiting + active === 0;
      });
      expect(seen).toHaveLength(200);
      consumer.rebuild();
      await own.close();
      consumer.rebuild();
      await watch.expectNothingLeft();
    });

    test("closing gives back what a retired loop has in hand", async () => {
      const { queue } = current();
      const { seen, consumer } = record(await connect(LONG_LOCKS), () => new Promise(() => {}));
      await queue.add([someTicket()]);
      await until(() => seen.length === 1);
      consumer.rebuild();
      const other = record(queue);
      await consumer.close(200);
      await until(() => other.seen.length === 1);
    });
  });
}

/** The loop came back from the queue, with or without a ticket, this many times. */
async function untilFetchedTimes(consumer: LaneConsumer, wanted: number): Promise<void> {
  let last = consumer.state().msSinceFetch;
  let times = 0;
  await until(() => {
    const { msSinceFetch } = consumer.state();
    if (msSinceFetch < last) times += 1;
    last = msSinceFetch;
    return times >= wanted;
  });
}

/** All slots stay taken for longer than an idle read lasts. */
async function untilFull(consumer: LaneConsumer): Promise<void> {
  const { inHand, concurrency } = consumer.state();
  expect(inHand).toBe(concurrency);
  await until(() => consumer.state().msSinceFetch > 2 * FAST.idleReadMs);
  expect(consumer.state().inHand).toBe(concurrency);
}
