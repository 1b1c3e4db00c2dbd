// Starts the built Worker in workerd without the proxy of `wrangler dev`, which caps near 1,000 requests a second.
// Arguments: the port on 127.0.0.1, the folder for storage, and a JSON file with the Worker's variables.
import { readFileSync } from "node:fs";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";

const [port, state, vars] = process.argv.slice(2);
// Objects, KV and the compatibility date are those of `wrangler.toml`.
const { assets, ...options } = unstable_getMiniflareWorkerOptions("wrangler.toml").workerOptions;
const worker = {
  ...options,
  name: "weft",
  modulesRoot: "build/worker",
  modules: [
    { type: "ESModule", path: "build/worker/index.js" },
    { type: "CompiledWasm", path: "build/worker/index_bg.wasm" },
  ],
  bindings: JSON.parse(readFileSync(vars, "utf8")),
  // Straight to the Worker, without Miniflare's own before it.
  unsafeDirectSockets: [{ host: "127.0.0.1", port: Number(port) }],
};
const miniflare = new Miniflare(convertV4MiniflareOptions({ resourcePersistencePath: state, workers: [worker] }));
await miniflare.ready;
