import { alarmProto } from "./alarms.ts";
import type { EventConnections } from "./events.ts";
import { notFoundPage, type Answer, type DeviceRequest, type Handled } from "./http-server.ts";
import { catalogue, descriptor, fullId, type Parameters, type SetFault } from "./parameters.ts";
import type { Sessions } from "./sessions.ts";

/** What the box answers to a set it does not carry out. No real answer is recorded: choose. */
export type BadSetReply = "unchanged" | "notFound" | "emptyObject" | "emptyBody";
/** The same for a parameter that does not exist. */
export type UnknownReply = "notFound" | "emptyObject";

export type Clip = { clipname: string; sizeBytes: number };

export type RoutesContext = {
  parameters: Parameters;
  sessions: Sessions;
  events: EventConnections;
  password: string;
  badSetReply: () => BadSetReply;
  unknownReply: UnknownReply;
  /** True: `connect` also answers all current values, as a Ki Pro does. */
  snapshotOnConnect: boolean;
  /** A visitor's set that passed the checks. */
  set: (id: string, value: string) => void;
  clips: { list(): Clip[]; remove(name: string): void };
};

const json = (value: unknown): Answer => ({ status: 200, body: JSON.stringify(value) });
const page = (body: string): Answer => ({ status: 200, body });

/** Everything the web server knows to answer. */
export function openRoutes(box: RoutesContext): (request: DeviceRequest) => Handled {
  const { parameters, sessions, events } = box;

  function bad(id: string, fault: SetFault): Answer {
    const replies: Record<BadSetReply | UnknownReply, () => Answer> = {
      unchanged: () => json(parameters.answer(id)),
      notFound: () => notFoundPage,
      emptyObject: () => json({}),
      emptyBody: () => page(""),
    };
    return replies[fault === "unknown" ? box.unknownReply : box.badSetReply()]();
  }

  function config(query: URLSearchParams): Handled {
    const id = fullId(query.get("paramid") ?? "");
    switch (query.get("action")) {
      case "get":
        return parameters.has(id) ? json(parameters.answer(id)) : bad(id, "unknown");
      case "set": {
        const value = query.get("value") ?? "";
        const fault = parameters.fault(id, value);
        if (fault !== undefined) return bad(id, fault);
        box.set(id, value);
        return json({ ...parameters.answer(id), ...echo(id, value) });
      }
      case "connect": {
        const snapshot = box.snapshotOnConnect ? { configevents: [parameters.all()] } : {};
        return json({ connectionid: events.connect(), ...snapshot });
      }
      case "wait_for_config_events": {
        const held = events.wait(query.get("connectionid") ?? "");
        return held === undefined ? notFoundPage : { held: held.then(json) };
      }
      default:
        return notFoundPage;
    }
  }

  /** A command is done with as soon as it is given, but the answer holds what was set. */
  function echo(id: string, value: string) {
    const text = catalogue.find((parameter) => parameter.id === id)?.enum?.[value];
    return { value, ...(text === undefined ? {} : { value_name: text }) };
  }

  function login(body: string): Answer {
    if (new URLSearchParams(body).get("password_provided") !== box.password)
      return json({ login: "Login Failed - Passwords did not match" });
    const headers = { "Set-Cookie": `session=${sessions.open()}; path=/` };
    return { ...json({ login: "success" }), headers };
  }

  function clips(request: DeviceRequest): Answer {
    if (request.method === "POST") {
      const form = new URLSearchParams(request.body);
      if (form.get("action") !== "delete") return notFoundPage;
      box.clips.remove(form.get("clipname") ?? "");
      return json({ clips: box.clips.list().map(({ clipname }) => ({ clipname })) });
    }
    if (request.url.searchParams.get("action") === "get_playlists") return json({ playlists: [] });
    return json({ clips: box.clips.list().map(({ clipname }) => ({ clipname })) });
  }

  function download(path: string): Answer {
    const name = decodeURIComponent(path.slice("/media0/".length));
    const clip = box.clips.list().find(({ clipname }) => clipname === name);
    const inDataLan = parameters.read("MediaState") === "1";
    if (clip === undefined || !inDataLan) return notFoundPage;
    const headers = { "Content-Type": "video/quicktime" };
    return {
      status: 200,
      body: Buffer.alloc(Math.min(clip.sizeBytes, 65_536)),
      headers,
      download: true,
    };
  }

  function descriptors(query: URLSearchParams): Answer {
    const found = catalogue.find(({ id }) => id === fullId(query.get("paramid") ?? ""));
    return found === undefined ? bad("", "unknown") : json([descriptor(found)]);
  }

  function options(search: string): Answer {
    const found = catalogue.find(({ id }) => id === fullId(search.slice(1).split("&")[0] ?? ""));
    if (found?.enum === undefined) return notFoundPage;
    // A loose JavaScript literal: the device does not quote the keys.
    const rows = Object.entries(found.enum).map(
      ([value, text]) => `{value:${value},text:${JSON.stringify(text)}}`,
    );
    return page(`[${rows.join(",")}]`);
  }

  return (request) => {
    const { pathname, searchParams, search } = request.url;
    if (pathname === "/authenticator/login" && request.method === "POST")
      return login(request.body);
    const mustLogIn = parameters.read("Authentication") === "1";
    if (mustLogIn && !sessions.knows(request.cookie)) return notFoundPage;
    if (pathname.startsWith("/media0/")) return download(pathname);
    switch (pathname) {
      case "/config":
      case "/json":
        return config(searchParams);
      case "/descriptors":
        return descriptors(searchParams);
      case "/desc.json":
        return json(catalogue.map(descriptor));
      case "/descriptors.html":
        return page(descriptorPage());
      case "/options":
        return options(search);
      case "/clips":
        return clips(request);
      case "/alarm.proto":
        return page(alarmProto);
      default:
        return notFoundPage;
    }
  };
}

function descriptorPage(): string {
  const rows = catalogue.map(({ id, name, type }) => `<h2>${id}</h2><p>${name} (${type})</p>`);
  return `<html><head><title>Parameters</title></head><body>${rows.join("\n")}</body></html>`;
}
