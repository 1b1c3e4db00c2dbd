// The least that could stand in Weft's place: a Worker that pipes a model's stream, as it comes, to a WebSocket. It reads
// nothing of it, stores nothing, and asks nobody who it is for.
export default {
  async fetch(request, env) {
    if (request.headers.get("Upgrade") !== "websocket") {
      return new Response("ok");
    }
    const [client, socket] = Object.values(new WebSocketPair());
    socket.accept();
    socket.addEventListener("message", async () => {
      const body = JSON.stringify({ stream: true, messages: [{ role: "user", content: "Go." }] });
      const response = await fetch(`${env.BASE_URL}/chat/completions`, { method: "POST", body });
      for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
        socket.send(text);
      }
      socket.send("end");
    });
    return new Response(null, { status: 101, webSocket: client });
  },
};
