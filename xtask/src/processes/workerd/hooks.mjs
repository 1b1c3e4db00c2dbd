// workerd's own test hooks, on a port of their own. They are in no build that is shipped: this Worker runs beside Weft's,
// which it only knows by its objects.
//
// POST /evict {"binding","name"}: the object leaves memory as if it had been idle; its sockets hibernate. The answer comes
// when it has: an eviction waits for what is under way. POST /evict-all: every object. POST /abort-all: every object loses
// its memory at once, sockets included. GET /counts: what count.mjs counted. DELETE /counts: the same, and it begins anew.
import unsafe from "workerd:unsafe";

const answers = {
  "POST /evict": async (env, { binding, name }) => unsafe.evict(env[binding].getByName(name)),
  "POST /evict-all": async () => unsafe.evictAllDurableObjects(),
  "POST /abort-all": async () => unsafe.abortAllDurableObjects(),
  "GET /counts": async (env) => env.COUNTS.read(),
  "DELETE /counts": async (env) => env.COUNTS.take(),
};

export default {
  async fetch(request, env) {
    const answer = answers[`${request.method} ${new URL(request.url).pathname}`];
    if (answer === undefined) {
      return new Response("There is no such hook.", { status: 404 });
    }
    const body = await request.text();
    try {
      return Response.json((await answer(env, body === "" ? {} : JSON.parse(body))) ?? null);
    } catch (error) {
      return Response.json({ error: String(error) }, { status: 500 });
    }
  },
};
