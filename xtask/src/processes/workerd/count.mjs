// Stands around the built Worker in measurements and tests, and counts what its objects cost, by class and by name: how
// often each is made and called, and the rows that it writes. It changes nothing of what they do, and is in no build that is shipped.
import { WorkerEntrypoint } from "cloudflare:workers";
import Weft, * as weft from "./index.js";

let counts = {};

function add([kind, name], what, count = 1) {
  counts[kind] ??= {};
  counts[kind][name] ??= {};
  counts[kind][name][what] = (counts[kind][name][what] ?? 0) + count;
}

// Rows as SQLite counts them, indexes included. An alarm that is set is billed as a row; it is counted by itself.
function watch(object, storage) {
  const { sql } = storage;
  const { exec } = sql;
  sql.exec = (...call) => {
    const cursor = exec.apply(sql, call);
    if (cursor.rowsWritten > 0) {
      add(object, "rows_written", cursor.rowsWritten);
    }
    return cursor;
  };
  const { setAlarm } = storage;
  storage.setAlarm = (...call) => {
    add(object, "alarms_set");
    return setAlarm.apply(storage, call);
  };
}

function counted(kind) {
  const names = new WeakMap();
  const Counted = class extends weft[kind] {
    constructor(state, env) {
      const object = [kind, state.id.name ?? String(state.id)];
      watch(object, state.storage);
      super(state, env);
      names.set(this, object);
      add(object, "made");
    }
  };
  for (const handler of ["fetch", "alarm", "webSocketMessage", "webSocketClose", "webSocketError"]) {
    const original = weft[kind].prototype[handler];
    if (original !== undefined) {
      Counted.prototype[handler] = function (...call) {
        add(names.get(this), handler);
        return original.apply(this, call);
      };
    }
  }
  return Counted;
}

export const Conversation = counted("Conversation");
export const Directory = counted("Directory");
export const IpQuota = counted("IpQuota");
export const KeyGuard = counted("KeyGuard");
export const SocketGate = counted("SocketGate");
export const Tenant = counted("Tenant");

export class Counts extends WorkerEntrypoint {
  read() {
    return counts;
  }
  take() {
    const taken = counts;
    counts = {};
    return taken;
  }
}

export default Weft;
