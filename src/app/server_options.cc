#include "app/server_options.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>

namespace gavel::app {
namespace {

bool parse_endpoint(const std::string& text, Endpoint& endpoint) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return false;
  endpoint.host = text.substr(0, colon);
  if (endpoint.host.size() > 2 && endpoint.host.front() == '[') {
    endpoint.host = endpoint.host.substr(1, endpoint.host.size() - 2);
  }
  endpoint.port = static_cast<std::uint16_t>(std::stoul(text.substr(colon + 1)));
  return true;
}

}  // namespace

std::int64_t ms(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

ServerOptions server_options(const Config& config) {
  ServerOptions options;
  for (const std::string& text : config.listen) {
    Endpoint endpoint;
    if (parse_endpoint(text, endpoint)) options.listen.push_back(endpoint);
  }
  options.threads = config.threads > 0 ? static_cast<unsigned>(config.threads)
                                       : std::max(1u, std::thread::hardware_concurrency());
  options.busy_poll_us = static_cast<int>(config.busy_poll.count());

  net::GatewayOptions& gateway = options.gateway;
  gateway.handshake_timeout_ms = gateway.join_timeout_ms = ms(config.join_timeout);
  gateway.ping_interval_ms = ms(config.ping_interval);
  gateway.ping_timeout_ms = ms(config.ping_timeout);
  gateway.message_bytes_max = static_cast<std::size_t>(config.message_bytes_max);
  gateway.fragments_max = static_cast<std::size_t>(config.fragments_max);
  gateway.connections_max = static_cast<std::size_t>(config.connections_max);
  gateway.connections_per_address_max =
      static_cast<std::size_t>(config.connections_per_address_max);
  gateway.echo = config.echo;
  gateway.deflate = config.deflate;
  gateway.www = config.www;
  gateway.allow_origins = config.allow_origin;

  session::SessionOptions& session = options.session;
  session.join.room_bytes_max = static_cast<std::size_t>(config.room_name_bytes_max);
  session.messages_a_second = static_cast<double>(config.rate_messages);
  session.messages_burst = static_cast<double>(config.rate_messages * config.rate_burst);
  session.bytes_a_second = static_cast<double>(config.rate_bytes);
  session.bytes_burst = static_cast<double>(config.rate_bytes * config.rate_burst);

  room::RoomOptions& rooms = options.rooms;
  rooms.rooms_max = static_cast<std::size_t>(config.rooms_max);
  rooms.members_max = static_cast<std::size_t>(config.room_members_max);
  rooms.backlog_bytes_max = static_cast<std::size_t>(config.backlog_bytes);
  rooms.unkept_bytes_max = static_cast<std::size_t>(config.room_unkept_bytes_max);
  rooms.pages_in_flight_max = static_cast<std::size_t>(config.pages_in_flight);
  rooms.linger_ms = ms(config.linger);
  rooms.resume_ttl_ms = ms(config.resume_ttl);
  rooms.shared_store = config.store.starts_with("redis") || config.store.starts_with("unix:");
  return options;
}

}  // namespace gavel::app
