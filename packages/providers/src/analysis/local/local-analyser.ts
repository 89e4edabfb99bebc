import { setImmediate } from "node:timers/promises";
import type { StageWarning } from "@millrace/core";
import type { Analyser, Analysis, AnalysisInput } from "../analyser.ts";
import { cleanLine } from "../rules/clean-text.ts";
import { RESULT_LIMITS, resultOfPayload } from "../rules/result-of-payload.ts";
import { detectLanguage, languageName } from "./detect-language.ts";
import { type DocumentStructure, documentStructure } from "./document-structure.ts";
import { englishReader } from "./english-reader.ts";
import { findEntities } from "./find-entities.ts";
import type { FoundPerson } from "./find-people.ts";
import { type KeyPhrase, keyPhrases, phraseCounts, specialised } from "./key-phrases.ts";
import { proposeTags } from "./local-tags.ts";
import { proposeTopics } from "./local-topics.ts";
import { isTeachingTitle } from "./mentions.ts";
import { otherReader } from "./other-reader.ts";
import { measureQuality, type QualityFeatures } from "./quality-features.ts";
import { assessQuality } from "./quality-rule.ts";
import { readSentences } from "./reading.ts";
import { sampleText } from "./sample-text.ts";
import { summarise } from "./summarise.ts";
import { validatePreDetected } from "./validate-pre-detected.ts";

/** Moves with every change of a rule that changes answers. */
const NAME = "local/2";

export interface LocalAnalyserOptions {
  readonly maxNewTags?: number;
  readonly maxTopics?: number;
  readonly minConfidence?: number;
}

/**
 * An analyser without network or key: every word of its answer comes from the text or from the owner's own vocabulary,
 * and the same input always gives the same answer. How it decides is written in docs/local-analyser.md.
 */
export function createLocalAnalyser(options: LocalAnalyserOptions = {}): Analyser {
  const limits = {
    maxNewTags: options.maxNewTags ?? RESULT_LIMITS.maxNewTags,
    maxTopics: options.maxTopics ?? RESULT_LIMITS.maxTopics,
    minConfidence: options.minConfidence ?? RESULT_LIMITS.minConfidence,
  };
  return {
    name: NAME,
    lane: "cpu",
    async analyse(input, { signal, now }): Promise<Analysis> {
      const { payload, warnings } = await payloadOf(input, signal);
      const answer = resultOfPayload(payload, { input, model: NAME, now, limits })!;
      return { ...answer, warnings: [...warnings, ...answer.warnings], usage: null, trace: null };
    },
  };
}

/** One step after the other; between them an abort can arrive. */
async function payloadOf(input: AnalysisInput, signal: AbortSignal) {
  const pause = async (): Promise<void> => {
    await setImmediate();
    signal.throwIfAborted();
  };
  signal.throwIfAborted();
  const title = cleanLine(input.title, 300);
  const sample = sampleText(input.text);
  const structure = documentStructure(sample.text, sample.laterHeadings);
  await pause();
  const language = await detectLanguage(proseOf(structure));
  const reader = language === "eng" ? await englishReader() : otherReader(language);
  const sentences = readSentences(structure.blocks, reader);
  await pause();
  const titleWords = reader.readSentence(title);
  const phrases = keyPhrases(sentences, structure, titleWords, reader);
  const counts = phraseCounts(sentences);
  await pause();
  const summary = summarise(sentences, phrases, reader.hasGrammar);
  await pause();
  const { entities, people } = await findEntities(sentences, structure, sample.text, title, reader.hasGrammar);
  await pause();
  const subjects = specialised(phrases.filter((phrase) => !isPerson(phrase, people)));
  const features = measureQuality(sentences, structure, sample.repeatedShare);
  const quality = assessQuality(features);
  const payload = {
    tags: proposeTags(subjects, counts, input.context, reader),
    tier: quality.tier,
    tier_explanation: quality.tierExplanation,
    quality_score: quality.score,
    score_explanation: quality.scoreExplanation,
    summary,
    topics: proposeTopics(subjects, structure, input.context.topics, isTeachingTitle(title), reader),
    pre_detected_validations: validatePreDetected(input.preDetected, sentences, structure, title),
    additional_entities: entities,
  };
  return { payload, warnings: [...sample.warnings, ...languageWarning(language), ...proseWarning(features)] };
}

function proseOf(structure: DocumentStructure): string {
  const prose = structure.blocks.filter((block) => block.kind === "prose" || block.kind === "item");
  return (prose.length > 0 ? prose : structure.blocks.filter((block) => block.kind !== "code"))
    .map((block) => block.text)
    .join("\n");
}

/** People are entities, not subjects: neither they nor their first names become tags or topics. */
function isPerson(phrase: KeyPhrase, people: readonly FoundPerson[]): boolean {
  return people.some((person) => {
    const parts = person.name.toLowerCase().split(/\s+/);
    return phrase.text
      .toLowerCase()
      .split(" ")
      .every((word) => parts.includes(word));
  });
}

function languageWarning(language: string): StageWarning[] {
  if (language === "eng") return [];
  const message = `The text is ${languageName(language)}: the local analyser knows English grammar only, so tags, topics and people are coarser`;
  return [{ code: "LANGUAGE_NOT_ENGLISH", message, details: { language } }];
}

function proseWarning({ words, isPunctuated }: QualityFeatures): StageWarning[] {
  if (words === 0) return [{ code: "TEXT_WITHOUT_PROSE", message: "The text holds no prose to analyse" }];
  if (isPunctuated || words < 60) return [];
  return [{ code: "TEXT_UNPUNCTUATED", message: "The text has no full stops, so the summary is made of pieces of it" }];
}
