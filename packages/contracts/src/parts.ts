import { z } from "zod";

/** An instant on the wire: ISO 8601 in UTC. */
export const instant = z.iso.datetime();
export const nullableInstant = instant.nullable();

/** For spans of time: Postgres knows no year 0, JavaScript writes those after 9999 in another way. */
export const isUsualYear = (text: string): boolean => {
  const year = new Date(text).getUTCFullYear();
  return year >= 1000 && year <= 9999;
};

/** A yes or no in the query. */
export const flag = z
  .enum(["true", "false"])
  .default("false")
  .transform((value) => value === "true");

export const pageLimit = z.coerce.number().int().min(1).max(100).default(50);

/** Where the next page starts; opaque to callers. */
export const cursor = z.string().min(1).max(512).optional();

/** A repeated query parameter or form field: one value arrives as a string, several as an array. */
export const repeated = <T extends z.ZodType<string>>(each: T, max: number) =>
  z.preprocess((value) => (value === undefined ? [] : Array.isArray(value) ? value : [value]), z.array(each).max(max));

export const tag = z.string().trim().min(1).max(100);
export const title = z.string().trim().min(1).max(500);

/** Any JSON value. The server has read it from JSON, so there is nothing to check but that it is there. */
export const anyJson = z.unknown().refine((value) => value !== undefined, "is required");
export const jsonObject = z.record(z.string(), z.unknown());
