// POST /weft/token: hands the widget a token for the visitor who is logged in.
import { auth } from "@/auth"; // Your own login: here Auth.js.

type User = { id: string; name?: string | null; email?: string | null };

export async function POST(request: Request) {
  // The browser writes this header. A page of another site can't change it.
  if (request.headers.get("sec-fetch-site") !== "same-origin") return reply(403, { error: "cross_site" });
  const user = (await auth())?.user;
  if (!user?.id) return reply(401, { error: "not_logged_in" });
  try {
    return reply(200, { token: await mint({ id: user.id, name: user.name, email: user.email }) });
  } catch (error) {
    console.error("weft: no token:", error instanceof Refused ? error.status : (error as Error).name);
    return reply(502, { error: "chat_unavailable" });
  }
}

class Refused extends Error {
  constructor(readonly status: number) {
    super("refused");
  }
}

async function mint({ id, name, email }: User): Promise<string> {
  const answer = await fetch(new URL("/widget-token", process.env.WEFT_URL), {
    method: "POST",
    headers: { Authorization: `Bearer ${process.env.WEFT_SECRET_KEY}`, "Content-Type": "application/json" },
    body: JSON.stringify({ user: { id, name: name ?? undefined, email: email ?? undefined } }),
    cache: "no-store",
    redirect: "error",
    signal: AbortSignal.timeout(5000),
  });
  if (!answer.ok) throw new Refused(answer.status);
  const { token } = await answer.json();
  if (typeof token !== "string") throw new TypeError("no token in the answer");
  return token;
}

function reply(status: number, body: object) {
  return Response.json(body, { status, headers: { "Cache-Control": "no-store" } });
}
