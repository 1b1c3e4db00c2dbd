// POST /weft/token: hands the widget a token for the visitor who is logged in.
import { Router } from "express";

const { WEFT_URL, WEFT_SECRET_KEY } = process.env;

export const weftToken = Router();

weftToken.post("/weft/token", async (req, res) => {
  res.set("Cache-Control", "no-store");
  // The browser writes this header. A page of another site can't change it.
  if (req.get("Sec-Fetch-Site") !== "same-origin") return res.status(403).json({ error: "cross_site" });
  // Your own login. With Passport: req.user.
  const user = req.session.user;
  if (!user) return res.status(401).json({ error: "not_logged_in" });
  try {
    res.json({ token: await mint(user) });
  } catch (error) {
    console.error("weft: no token:", error.name, error.status ?? "");
    res.status(502).json({ error: "chat_unavailable" });
  }
});

async function mint({ id, name, email }) {
  const answer = await fetch(new URL("/widget-token", WEFT_URL), {
    method: "POST",
    headers: { Authorization: `Bearer ${WEFT_SECRET_KEY}`, "Content-Type": "application/json" },
    body: JSON.stringify({ user: { id: String(id), name, email } }),
    redirect: "error",
    signal: AbortSignal.timeout(5000),
  });
  if (!answer.ok) throw Object.assign(new Error("refused"), { status: answer.status });
  const { token } = await answer.json();
  if (typeof token !== "string") throw new TypeError("no token in the answer");
  return token;
}
