import type { Request } from "express";

/** No script reads them, no other site sends them. */
export function cookieOptions(req: Request) {
  return { httpOnly: true, sameSite: "strict", secure: req.secure, path: "/" } as const;
}

export function cookieOf(req: Request, name: string): string | undefined {
  const pair = req.headers.cookie?.split("; ").find((part) => part.startsWith(`${name}=`));
  return pair?.slice(name.length + 1);
}
