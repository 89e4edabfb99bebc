import { DecoratorHandler, type Dispatcher } from "undici";
import { tooLarge } from "./read-body.ts";

/** What may come beyond a cut body's length, so that a compressed one still decompresses to it. */
const CUT_SLACK = 65_536;

/**
 * Bounds a body where it arrives, so that undici never has to stop reading the connection. A connection that ends while
 * it is stopped ends the process: an assertion in undici 7 that nobody can catch (nodejs/undici#5360, mended in 8). Goes
 * with a `highWaterMark` that is never reached; a slow reader costs memory up to `maxBytes` instead.
 */
export function keepReading({
  maxBytes,
  isCutting,
}: {
  readonly maxBytes: number;
  readonly isCutting: boolean;
}): Dispatcher.DispatcherComposeInterceptor {
  const limit = isCutting ? maxBytes + CUT_SLACK : maxBytes;
  return (dispatch) => (options, handler) => {
    const reader: Dispatcher.DispatchHandler = new DecoratorHandler(handler);
    let bytes = 0;
    return dispatch(options, {
      onRequestStart: (controller, context) => reader.onRequestStart?.(controller, context),
      onResponseStart: (...head) => reader.onResponseStart?.(...head),
      onResponseData(controller, chunk) {
        bytes += chunk.length;
        if (bytes <= limit) reader.onResponseData?.(controller, chunk);
        else if (!isCutting) controller.abort(tooLarge(maxBytes));
      },
      onResponseEnd: (controller, trailers) => reader.onResponseEnd?.(controller, trailers),
      onResponseError: (controller, error) => reader.onResponseError?.(controller, error),
    });
  };
}
