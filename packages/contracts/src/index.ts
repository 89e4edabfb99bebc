export { type CallbackBody, type CallbackTestBody, callbackBody, callbackTestBody } from "./callback-contracts.ts";
export { CONTENT_TYPES, type IngestRequest, UPLOAD_TYPES, type UploadType, uploadFields } from "./content-contracts.ts";
export type { DependencyCheck, Readiness } from "./health-contracts.ts";
export { type OpenApiDocument, openApiDocument } from "./openapi-document.ts";
export { PROBLEM_MEDIA_TYPE, type Problem, type ProblemItem, problem, problemType } from "./problem.ts";
export { type AnswerOf, type BodyOf, type ParamsOf, problemsOf, type QueryOf, type Route, SCOPES, type Scope } from "./route.ts";
export { type RouteId, type Routes, routes } from "./routes.ts";
export { type TicketPayload, ticketPayload } from "./ticket.ts";
