// Stands around the built Worker in measurements and tests, and counts what its objects cost: how often each class is made
// and called, and the rows that it writes. It changes nothing of what they do, and is in no build that is shipped.
import { WorkerEntrypoint } from "cloudflare:workers";
import Weft, * as weft from "./index.js";

let counts = {};

function add(name, what, count = 1) {
  counts[name] ??= {};
  counts[name][what] = (counts[name][what] ?? 0) + count;
}

// Rows as SQLite counts them, indexes included. An alarm that is set is billed as a row; it is counted by itself.
function watch(name, storage) {
  const { sql } = storage;
  const { exec } = sql;
  sql.exec = (...call) => {
    const cursor = exec.apply(sql, call);
    if (cursor.rowsWritten > 0) {
      add(name, "rows_written", cursor.rowsWritten);
    }
    return cursor;
  };
  const { setAlarm } = storage;
  storage.setAlarm = (...call) => {
    add(name, "alarms_set");
    return setAlarm.apply(storage, call);
  };
}

function counted(name) {
  const Counted = class extends weft[name] {
    constructor(state, env) {
      watch(name, state.storage);
      super(state, env);
      add(name, "made");
    }
  };
  for (const handler of ["fetch", "alarm", "webSocketMessage", "webSocketClose", "webSocketError"]) {
    const original = weft[name].prototype[handler];
    if (original !== undefined) {
      Counted.prototype[handler] = function (...call) {
        add(name, handler);
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
