// The API of the server that this page came from. The admin key, where one is needed, stays in
// this tab.

const KEY = "gavel-admin-key";

export class ApiError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const setKey = (key) => sessionStorage.setItem(KEY, key);

async function request(method, path, body) {
  const headers = {};
  const key = sessionStorage.getItem(KEY);
  if (key) headers.Authorization = `Bearer ${key}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(`/api/v1${path}`, {
    method,
    headers,
    body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
    signal: AbortSignal.timeout(8000),
  });
  const text = await answer.text();
  if (answer.ok) return JSON.parse(text);
  let error = {};
  try {
    error = JSON.parse(text).error;
  } catch {
    /* not ours: a proxy's, perhaps */
  }
  throw new ApiError(
    answer.status,
    error.code ?? "unknown",
    error.message ?? `HTTP ${answer.status}`,
  );
}

const room = (name) => `/rooms/${encodeURIComponent(name)}`;

export const api = {
  stats: () => request("GET", "/stats"),
  rooms: (query) => request("GET", `/rooms?${new URLSearchParams(query)}`),
  room: (name) => request("GET", room(name)),
  messages: (name, query) =>
    request("GET", `${room(name)}/messages?${new URLSearchParams(query)}`),
  publish: (name, json) => request("POST", `${room(name)}/messages`, json),
  kick: (name, client, body) => request("POST", `${room(name)}/members/${client}/kick`, body),
  close: (name, body) => request("POST", `${room(name)}/close`, body),
  set: (name, body) => request("PATCH", room(name), body),
};
