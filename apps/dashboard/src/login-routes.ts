import { type RequestHandler, Router, urlencoded } from "express";
import { rateLimit } from "express-rate-limit";
import { cookieOf, cookieOptions } from "./cookies.ts";
import { loginScreen } from "./screens/login-screen.ts";
import type { Sessions } from "./sessions.ts";
import { ACTOR_COOKIE } from "./video/actors.ts";

const COOKIE = "millrace_dashboard";
/** Wrong passwords one address may try in a window. */
const MAX_FAILURES = 10;
const WINDOW_MS = 15 * 60_000;

/** `/login` and `/logout`: the only routes besides the health checks and assets that are open to anybody. */
export function loginRoutes(sessions: Sessions): Router {
  const router = Router();
  router.get("/login", (req, res) => {
    res.type("html").send(loginScreen({ next: safeNext(req.query["next"]) }));
  });
  router.post("/login", limitFailures(), urlencoded({ extended: false, limit: "4kb" }), (req, res) => {
    const form = (req.body ?? {}) as Readonly<Record<string, unknown>>;
    const next = safeNext(form["next"]);
    const password = form["password"];
    if (typeof password !== "string" || !sessions.isPassword(password)) {
      res
        .status(401)
        .type("html")
        .send(loginScreen({ next, message: "That is not the password." }));
      return;
    }
    res.cookie(COOKIE, sessions.issue(), { ...cookieOptions(req), maxAge: sessions.ttlMs });
    res.redirect(303, next);
  });
  router.post("/logout", (req, res) => {
    for (const name of [COOKIE, ACTOR_COOKIE]) res.clearCookie(name, cookieOptions(req));
    res.redirect(303, "/login");
  });
  return router;
}

/** Sends people to the login screen and answers programs with 401. */
export function requireLogin(sessions: Sessions): RequestHandler {
  return (req, res, next) => {
    res.set("Cache-Control", "no-store");
    if (sessions.isValid(cookieOf(req, COOKIE))) next();
    else if (req.method === "GET" && req.accepts(["html", "json"]) === "html") {
      res.redirect(303, `/login?next=${encodeURIComponent(req.originalUrl)}`);
    } else res.status(401).json({ error: "sign in at /login first" });
  };
}

function limitFailures(): RequestHandler {
  return rateLimit({
    windowMs: WINDOW_MS,
    limit: MAX_FAILURES,
    skipSuccessfulRequests: true,
    standardHeaders: "draft-8",
    legacyHeaders: false,
    handler: (_req, res) => {
      res
        .status(429)
        .type("html")
        .send(loginScreen({ next: "/", message: "Too many wrong passwords. Try again in some minutes." }));
    },
  });
}

/** Where to go after signing in: a path of this dashboard, never another site. */
export function safeNext(next: unknown): string {
  if (typeof next !== "string" || !next.startsWith("/")) return "/";
  const here = "http://dashboard.invalid";
  const url = URL.canParse(next, here) ? new URL(next, here) : undefined;
  return url?.origin === here ? url.pathname + url.search : "/";
}
