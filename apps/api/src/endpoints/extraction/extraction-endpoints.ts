import type { Endpoints } from "../../http/endpoint.ts";
import type { EndpointNeeds } from "../needs.ts";
import { cancelBulk, retryBulk } from "./change-bulk.ts";
import { cancelExtraction, deleteExtraction, retryExtraction } from "./change-extraction.ts";
import {
  cleanUpExtractions,
  cleanUpOrphanedExtractions,
  listStuckExtractions,
  readExtractionStats,
  recoverExtraction,
} from "./operate-extractions.ts";
import { listBulks, readBulk } from "./read-bulks.ts";
import {
  findExtractionByAttachment,
  findExtractionByFile,
  listExtractions,
  readExtraction,
  readExtractionResult,
} from "./read-extractions.ts";
import { createRecord, deleteRecord, listRecords, readRecord } from "./records.ts";
import { submitBulk } from "./submit-bulk.ts";
import { submitExtraction, uploadExtraction } from "./submit-extraction.ts";

type Id = Extract<keyof Endpoints, `${string}${"Extraction" | "Bulk" | "Record"}${string}`>;

/** Everything under /extraction and /records. */
export function extractionEndpoints(needs: EndpointNeeds): Pick<Endpoints, Id> {
  return {
    uploadExtraction: uploadExtraction(needs),
    submitExtraction: submitExtraction(needs),
    listExtractions: listExtractions(needs),
    readExtraction: readExtraction(needs),
    readExtractionResult: readExtractionResult(needs),
    deleteExtraction: deleteExtraction(needs),
    cancelExtraction: cancelExtraction(needs),
    retryExtraction: retryExtraction(needs),
    findExtractionByFile: findExtractionByFile(needs),
    findExtractionByAttachment: findExtractionByAttachment(needs),
    submitBulk: submitBulk(needs),
    listBulks: listBulks(needs),
    readBulk: readBulk(needs),
    cancelBulk: cancelBulk(needs),
    retryBulk: retryBulk(needs),
    cleanUpExtractions: cleanUpExtractions(needs),
    readExtractionStats: readExtractionStats(needs),
    listStuckExtractions: listStuckExtractions(needs),
    recoverExtraction: recoverExtraction(needs),
    cleanUpOrphanedExtractions: cleanUpOrphanedExtractions(needs),
    createRecord: createRecord(needs),
    listRecords: listRecords(needs),
    readRecord: readRecord(needs),
    deleteRecord: deleteRecord(needs),
  };
}
