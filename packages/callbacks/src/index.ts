export { callbackEventId } from "./event-id.ts";
export type { Post, PostAnswer, PostRequest } from "./post.ts";
export { sendTest, type TestSent } from "./send-test.ts";
export { newSecret } from "./sign.ts";
export { type Deliveries, type DeliveriesNeeds, type DeliveriesState, startDeliveries } from "./start-deliveries.ts";
export { DELIVERY_TIMINGS, type DeliveryTimings } from "./timings.ts";
