export { join, Room } from "./room.js";
export { closeCodes, errorCodes } from "./codes.js";
export type { CloseInfo, ErrorInfo, Reconnect } from "./codes.js";
export { GavelError } from "./types.js";
export type {
  Events,
  Gap,
  Joined,
  JoinOptions,
  OutgoingMessage,
  RoomMessage,
  Session,
  SocketLike,
  State,
} from "./types.js";
