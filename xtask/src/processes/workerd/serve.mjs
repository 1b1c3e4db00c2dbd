// Starts the built Worker in workerd without the proxy of `wrangler dev`, which caps near 1,000 requests a second.
// Argument: a JSON file with `port` on 127.0.0.1, `storage` (a folder), `vars` (the Worker's variables), and, where they
// are wanted, `hooks` (the port of hooks.mjs), `counts` (whether count.mjs is put around the Worker) and `beside` (further
// small Workers of one module: `name`, `port`, `path`, `vars`).
//
// Should workerd die, Miniflare starts it again: same ports, same storage.
import childProcess from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";

const { port, storage, vars, hooks, counts, beside } = JSON.parse(readFileSync(process.argv[2], "utf8"));

// Who wants to kill workerd has to know which process it is, and Miniflare doesn't say.
const { spawn } = childProcess;
childProcess.spawn = (...call) => {
  const child = spawn(...call);
  if (call[1]?.[0] === "serve") {
    console.log(`workerd is process ${child.pid}`);
  }
  return child;
};

const on = (number) => [{ host: "127.0.0.1", port: number }];
const text = (path) => readFileSync(path, "utf8");
const near = (name) => fileURLToPath(new URL(name, import.meta.url));

// Objects, KV and the compatibility date are those of `wrangler.toml`.
const { assets, ...options } = unstable_getMiniflareWorkerOptions("wrangler.toml").workerOptions;
const { compatibilityDate, durableObjects } = options;
const built = "build/worker";
const modules = [
  { type: "ESModule", path: `${built}/index.js` },
  { type: "CompiledWasm", path: `${built}/index_bg.wasm` },
];
if (counts) {
  // The first module is the one that workerd asks.
  modules.unshift({ type: "ESModule", path: `${built}/count.mjs`, contents: text(near("count.mjs")) });
}
const weft = {
  ...options,
  name: "weft",
  modulesRoot: built,
  modules,
  bindings: vars,
  // Straight to the Worker, without Miniflare's own before it.
  unsafeDirectSockets: on(port),
};
const workers = [weft];
if (hooks) {
  const names = Object.entries(durableObjects);
  workers.push({
    name: "hooks",
    compatibilityDate,
    compatibilityFlags: ["unsafe_module"],
    modules: [{ type: "ESModule", path: "hooks.mjs", contents: text(near("hooks.mjs")) }],
    durableObjects: Object.fromEntries(names.map(([name, object]) => [name, { ...object, scriptName: "weft" }])),
    serviceBindings: counts ? { COUNTS: { name: "weft", entrypoint: "Counts" } } : {},
    unsafeDirectSockets: on(hooks),
  });
}
for (const worker of beside ?? []) {
  workers.push({
    name: worker.name,
    compatibilityDate,
    modules: [{ type: "ESModule", path: `${worker.name}.mjs`, contents: text(worker.path) }],
    bindings: worker.vars,
    unsafeDirectSockets: on(worker.port),
  });
}
const miniflare = new Miniflare(convertV4MiniflareOptions({ resourcePersistencePath: storage, workers }));
await miniflare.ready;
