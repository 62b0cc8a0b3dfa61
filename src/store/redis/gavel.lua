-- What gavel does inside Redis: every change to a room is one of these functions, so that it
-- happens whole or not at
-- all. They check everything before the first write, since Redis undoes nothing when a function
-- fails midway.
--
-- A room's keys, all in one slot (H = hash of its name, so that no client chooses a slot):
--   gavel:r:{H}  the log: a stream; entry <epoch>-<id of its first message>, field b = the block
--   gavel:m:{H}  what is known of it: n name, e epoch, l last id, f first retained id, b bytes, y
--   had earlier lives,
--                u the run id of the Redis that it was last checked in, s "run id:ms" of the first
--                look since a change,
--                v the run id in which a server that had it open found all that it had shown, c its
--                last id when a
--                server closed it, w a write for WAIT to wait for
--   gavel:p:{H}  players' refs: client -> "ref" or "ref:generation"; older ones in gavel:o:{H}
--
-- The channel of a room is its log's key. Announcements: "B<epoch>:<first>:<block>" a block is
-- kept, "E" a new epoch.
-- Answers are arrays whose first element is a word; docs/redis.md lists them.

local PLAYERS_MAX = 10000 -- refs in one hash; then the older hash goes and this one takes its place
local TAG_FROM, TAG_TO = 17, 24 -- where a block's tag stands
local EMPTY_ROOM_SECONDS = 86400 -- a room without a message is forgotten after so long
local SCAN = 64 -- entries that one call looks at a time
local SCANS_MAX = 8

local function text(number)
  return string.format('%.0f', number)
end

local function entry_id(epoch, number)
  return epoch .. '-' .. text(number)
end

local function id_number(entry)
  return tonumber(string.match(entry, '%-(%d+)$'))
end

local function count_of(block)
  return string.byte(block, 3) + 256 * string.byte(block, 4)
end

local function tag_of(block)
  return string.sub(block, TAG_FROM, TAG_TO)
end

local function now_ms()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- Refs and generations of clients: two arrays of numbers.
local function players(refs, older, clients)
  local ref, generation = {}, {}
  if #clients == 0 then
    return ref, generation
  end
  local found = redis.call('HMGET', refs, unpack(clients))
  local missing, places = {}, {}
  for i = 1, #clients do
    if not found[i] then
      missing[#missing + 1] = clients[i]
      places[#places + 1] = i
    end
  end
  if #missing > 0 and redis.call('EXISTS', older) == 1 then
    local more = redis.call('HMGET', older, unpack(missing))
    for i = 1, #missing do
      found[places[i]] = more[i]
    end
  end
  for i = 1, #clients do
    local value = found[i] or '0'
    ref[i] = string.match(value, '^%d+')
    generation[i] = tonumber(string.match(value, ':(%d+)$') or '0')
  end
  return ref, generation
end

local function write_players(refs, older, fields)
  if #fields == 0 then
    return
  end
  redis.call('HSET', refs, unpack(fields))
  if redis.call('HLEN', refs) > PLAYERS_MAX then
    redis.call('RENAME', refs, older)
  end
end

local function player_value(ref, generation)
  if generation > 0 then
    return ref .. ':' .. text(generation)
  end
  return ref
end

-- Writes a block behind `last`. Nothing, or the error, when it could not; then nothing was written.
local function keep(stream, meta, epoch, last, bytes, block, announce)
  local first = last + 1
  local id = entry_id(epoch, first)
  local added
  if last == 0 then
    added = redis.pcall('XADD', stream, id, 'b', block)
  else
    added = redis.pcall('XADD', stream, 'NOMKSTREAM', id, 'b', block)
  end
  if not added then
    return { 'NOROOM' }
  end
  if type(added) == 'table' and added.err then
    return added
  end
  local count = count_of(block)
  local new_last = last + count
  if count > 1 then
    redis.call('XSETID', stream, entry_id(epoch, new_last))
  end
  redis.call('HSET', meta, 'l', text(new_last), 'b', text(bytes + #block))
  if last == 0 then
    redis.call('PERSIST', meta)
  end
  if announce then
    redis.call('SPUBLISH', stream, 'B' .. epoch .. ':' .. text(first) .. ':' .. block)
  end
  return nil
end

-- append: KEYS log, meta, refs, older; ARGS epoch, run id, last known id, announce (1 or 0), block,
-- then for each client with refs: client, lowest ref, highest ref, generation
local function append(keys, args)
  local stream, meta, refs, older = keys[1], keys[2], keys[3], keys[4]
  local epoch, block = args[1], args[5]
  local m = redis.call('HMGET', meta, 'e', 'l', 'u', 'b')
  if not m[1] then
    return { 'NOROOM' }
  end
  if m[1] ~= epoch then
    return { 'EPOCH' }
  end
  if m[3] ~= args[2] then
    return { 'SUSPECT' }
  end
  local last = tonumber(m[2])
  if last < tonumber(args[3]) then
    return { 'ROLLBACK' }
  end
  local fields = {}
  if #args > 5 then
    local clients = {}
    for i = 6, #args, 4 do
      clients[#clients + 1] = args[i]
    end
    local ref, generation = players(refs, older, clients)
    local refused = { 'DUPLICATE' }
    for i = 1, #clients do
      local at = 4 * i + 2
      local own = tonumber(args[at + 3])
      if tonumber(ref[i]) >= tonumber(args[at + 1]) or generation[i] > own then
        refused[#refused + 1] = clients[i]
        refused[#refused + 1] = ref[i]
        refused[#refused + 1] = generation[i] > own and '1' or '0'
      else
        fields[#fields + 1] = clients[i]
        fields[#fields + 1] = player_value(args[at + 2], own)
      end
    end
    if #refused > 1 then
      return refused
    end
  end
  local failed = keep(stream, meta, epoch, last, tonumber(m[4] or '0'), block, args[4] == '1')
  if failed then
    return failed
  end
  write_players(refs, older, fields)
  return { 'OK', text(last + 1) }
end

-- repair: puts back what Redis forgot and a server still has. KEYS log, meta, refs, older;
-- ARGS epoch, first id, announce, block, then client, highest ref, generation
local function repair(keys, args)
  local stream, meta, refs, older = keys[1], keys[2], keys[3], keys[4]
  local epoch, first, block = args[1], tonumber(args[2]), args[4]
  local m = redis.call('HMGET', meta, 'e', 'l', 'b')
  if not m[1] then
    return { 'NOROOM' }
  end
  if m[1] ~= epoch then
    return { 'EPOCH' }
  end
  local last = tonumber(m[2])
  if first <= last then
    local id = entry_id(epoch, first)
    local there = redis.call('XRANGE', stream, id, id)
    if there[1] and tag_of(there[1][2][2]) == tag_of(block) then
      return { 'OK', text(last) }
    end
    return { 'CONFLICT' }
  end
  if first ~= last + 1 then
    return { 'GAP' }
  end
  local clients = {}
  for i = 5, #args, 3 do
    clients[#clients + 1] = args[i]
  end
  local ref, generation = players(refs, older, clients)
  local failed = keep(stream, meta, epoch, last, tonumber(m[3] or '0'), block, args[3] == '1')
  if failed then
    return failed
  end
  local fields = {}
  for i = 1, #clients do
    local at = 3 * i + 2
    local highest = args[at + 1]
    if tonumber(ref[i]) > tonumber(highest) then
      highest = ref[i]
    end
    fields[#fields + 1] = clients[i]
    fields[#fields + 1] = player_value(highest, math.max(generation[i], tonumber(args[at + 2])))
  end
  write_players(refs, older, fields)
  return { 'OK', text(last + count_of(block)) }
end

-- How long this room must not be appended to, since Redis may have come back with less than was
-- shown: the servers
-- that showed it put it back meanwhile. 0 = it was checked in this run of Redis; -1 = the time is
-- over, and nobody can
-- say that nothing is missing. `trusted`: this Redis forgets nothing (1).
local function suspect_ms(meta, run, grace, trusted)
  local m = redis.call('HMGET', meta, 'u', 's', 'v', 'c', 'l')
  if m[1] == run then
    return 0
  end
  local now = now_ms()
  local since = m[2] and string.match(m[2], '^' .. run .. ':(%d+)$')
  if not since then
    since = text(now)
    redis.call('HSET', meta, 's', run .. ':' .. since)
  end
  local left = tonumber(since) + tonumber(grace) - now
  if left > 0 then
    return left
  end
  if m[3] ~= run and trusted ~= '1' and m[4] ~= m[5] and m[5] ~= '0' then
    return -1
  end
  redis.call('HSET', meta, 'u', run)
  redis.call('HDEL', meta, 's')
  return 0
end

local function begin_life(meta, name, epoch, run, earlier)
  redis.call('HSET', meta, 'n', name, 'e', epoch, 'l', '0', 'f', '1', 'b', '0')
  redis.call('HSET', meta, 'y', earlier, 'u', run)
end

local function begin_epoch(keys, old, candidate, run, name)
  local epoch = candidate
  if old and tonumber(old) >= tonumber(candidate) then
    epoch = text(tonumber(old) + 1)
  end
  begin_life(keys[2], name, epoch, run, '1')
  redis.call('HDEL', keys[2], 's')
  redis.call('DEL', keys[3], keys[4])
  redis.call('SPUBLISH', keys[1], 'E')
  return { 'OK', epoch, '1', '0', '1', 0 }
end

-- open: KEYS log, meta, refs, older; ARGS run id, epoch to begin where one must be, name, grace ms,
-- epoch that the caller gives up ('' = none), touch (1: write something, for WAIT), trusted.
-- Answers OK, epoch, first, last, had earlier lives, ms to wait, and the
-- first id and the tag of the newest block.
local function open(keys, args)
  local stream, meta = keys[1], keys[2]
  local run, candidate, name, gives_up = args[1], args[2], args[3], args[5]
  local m = redis.call('HMGET', meta, 'e', 'l', 'f', 'y')
  local there = redis.call('EXISTS', stream) == 1
  local info = there and redis.call('XINFO', 'STREAM', stream)
  local last_id = there and info[8]
  if not m[1] then
    if gives_up ~= '' or there then
      -- The log without what was known of it: somebody deleted that. Its ids are over.
      local old = last_id and string.match(last_id, '^%d+') or gives_up
      if gives_up ~= '' and tonumber(gives_up) > tonumber(old) then
        old = gives_up
      end
      return begin_epoch(keys, old, candidate, run, name)
    end
    begin_life(meta, name, candidate, run, '0')
    redis.call('EXPIRE', meta, EMPTY_ROOM_SECONDS)
    redis.call('DEL', keys[3], keys[4])
    return { 'OK', candidate, '1', '0', '0', 0 }
  end
  local last = tonumber(m[2])
  local fits = last == 0 or last_id == entry_id(m[1], last)
  if m[1] == gives_up or not fits then
    return begin_epoch(keys, m[1], candidate, run, name)
  end
  local wait = suspect_ms(meta, run, args[4], args[7])
  if wait < 0 then
    return begin_epoch(keys, m[1], candidate, run, name)
  end
  if args[6] == '1' then
    redis.call('HSET', meta, 'w', '1')
  end
  local newest = there and info[20]
  local tail, tag = '0', ''
  if newest and string.match(newest[1], '^%d+') == m[1] then
    tail = text(id_number(newest[1]))
    tag = tag_of(newest[2][2])
  end
  return { 'OK', m[1], m[3], m[2], m[4], wait, tail, tag }
end

-- check: KEYS log, meta; ARGS epoch, run id, grace ms, id and tag of the block that the caller
-- showed last (or 0),
-- tag of a block whose fate is unclear ('' = none), last id shown, touch (1: write something, for
-- WAIT).
-- Answers OK, first, last, ms to wait, shown block (1 is there, 0 another is, 2 none), first id of
-- the unclear one or 0.
local function check(keys, args)
  local stream, meta = keys[1], keys[2]
  local epoch = args[1]
  local m = redis.call('HMGET', meta, 'e', 'l', 'f')
  if not m[1] then
    return { 'NOROOM' }
  end
  if m[1] ~= epoch then
    return { 'EPOCH' }
  end
  if m[2] == '0' then
    redis.call('EXPIRE', meta, EMPTY_ROOM_SECONDS)
  else
    local length = redis.call('EXISTS', stream)
    if length == 0 then
      return { 'NOROOM' }
    end
  end
  local shown = 2
  if args[4] ~= '0' then
    local id = entry_id(epoch, tonumber(args[4]))
    local there = redis.call('XRANGE', stream, id, id)
    if there[1] then
      shown = tag_of(there[1][2][2]) == args[5] and 1 or 0
    end
  end
  local whole = tonumber(m[2]) >= tonumber(args[7]) and shown ~= 0
  if whole and redis.call('HGET', meta, 'u') ~= args[2] then
    redis.call('HSET', meta, 'v', args[2])
  end
  local wait = math.max(suspect_ms(meta, args[2], args[3], '0'), 0)
  local found = 0
  if args[6] ~= '' then
    local from = entry_id(epoch, tonumber(args[7]) + 1)
    while found == 0 do
      local entries = redis.call('XRANGE', stream, from, '+', 'COUNT', SCAN)
      for _, entry in ipairs(entries) do
        if tag_of(entry[2][2]) == args[6] then
          found = id_number(entry[1])
          break
        end
      end
      if #entries < SCAN then
        break
      end
      from = '(' .. entries[#entries][1]
    end
  end
  if args[8] == '1' then
    redis.call('HSET', meta, 'w', '1')
  end
  return { 'OK', m[3], m[2], wait, shown, text(found) }
end

-- page: KEYS log, meta; ARGS epoch, id behind which to read, bytes.
-- Answers OK, first retained, last, then first id and block of each piece.
local function page(keys, args)
  local stream = keys[1]
  local epoch, wanted, bytes_max = args[1], tonumber(args[2]) + 1, tonumber(args[3])
  local m = redis.call('HMGET', keys[2], 'e', 'l', 'f')
  if not m[1] then
    return { 'NOROOM' }
  end
  if m[1] ~= epoch then
    return { 'EPOCH' }
  end
  local answer = { 'OK', m[3], m[2] }
  if wanted > tonumber(m[2]) then
    return answer
  end
  local from = entry_id(epoch, wanted)
  local before = redis.call('XREVRANGE', stream, from, entry_id(epoch, 1), 'COUNT', 1)
  if before[1] and id_number(before[1][1]) + count_of(before[1][2][2]) > wanted then
    from = before[1][1]
  elseif not before[1] then
    local oldest = redis.call('XRANGE', stream, entry_id(epoch, 1), '+', 'COUNT', 1)
    answer[2] = oldest[1] and text(id_number(oldest[1][1])) or text(tonumber(m[2]) + 1)
  end
  local bytes = 0
  while bytes < bytes_max do
    local entries = redis.call('XRANGE', stream, from, '+', 'COUNT', 8)
    for _, entry in ipairs(entries) do
      if bytes >= bytes_max then
        break
      end
      answer[#answer + 1] = text(id_number(entry[1]))
      answer[#answer + 1] = entry[2][2]
      bytes = bytes + #entry[2][2]
    end
    if #entries < 8 then
      break
    end
    from = '(' .. entries[#entries][1]
  end
  return answer
end

-- claim: KEYS meta, refs, older; ARGS epoch, client. Answers OK, highest ref, generation.
local function claim(keys, args)
  local epoch = redis.call('HGET', keys[1], 'e')
  if not epoch then
    return { 'NOROOM' }
  end
  if epoch ~= args[1] then
    return { 'EPOCH' }
  end
  local ref, generation = players(keys[2], keys[3], { args[2] })
  write_players(keys[2], keys[3], { args[2], player_value(ref[1], generation[1] + 1) })
  return { 'OK', ref[1], text(generation[1] + 1) }
end

-- retain: removes the oldest blocks that nothing asks to keep. KEYS log, meta; ARGS epoch, id up to
-- which everything
-- goes, messages, bytes, and time in ms (0 = not asked for). Answers OK, first retained, more (1:
-- call again).
local function retain(keys, args)
  local stream, meta = keys[1], keys[2]
  local epoch, up_to = args[1], tonumber(args[2])
  local messages, bytes_max, oldest_ms = tonumber(args[3]), tonumber(args[4]), tonumber(args[5])
  local m = redis.call('HMGET', meta, 'e', 'l', 'f', 'b')
  if not m[1] then
    return { 'NOROOM' }
  end
  if m[1] ~= epoch then
    return { 'EPOCH' }
  end
  local last, first, bytes = tonumber(m[2]), tonumber(m[3]), tonumber(m[4] or '0')
  local from, more = entry_id(epoch, 1), 1
  for _ = 1, SCANS_MAX do
    local entries = redis.call('XRANGE', stream, from, '+', 'COUNT', SCAN)
    local went = 0
    for _, entry in ipairs(entries) do
      local block = entry[2][2]
      local finish = id_number(entry[1]) + count_of(block) - 1
      local goes = finish <= up_to
        or (messages > 0 and last - finish >= messages)
        or (bytes_max > 0 and bytes - #block >= bytes_max)
        or (oldest_ms > 0 and struct.unpack('<i8', block, 9) < oldest_ms)
      if not goes then
        break
      end
      went = went + 1
      first = finish + 1
      bytes = bytes - #block
    end
    if went < SCAN then
      more = 0
      break
    end
    from = entry_id(epoch, first)
  end
  if first ~= tonumber(m[3]) then
    redis.call('XTRIM', stream, 'MINID', entry_id(epoch, first))
    redis.call('HSET', meta, 'f', text(first), 'b', text(math.max(bytes, 0)))
  end
  return { 'OK', text(first), more }
end

-- page_written: the same behind a write, so that WAIT says when replicas have what was read.
local function page_written(keys, args)
  if redis.call('EXISTS', keys[2]) == 1 then
    redis.call('HSET', keys[2], 'w', '1')
  end
  return page(keys, args)
end

-- close: nobody here has the room any more, and this is how far it was. KEYS meta; ARGS epoch, last
-- id shown.
local function close(keys, args)
  local m = redis.call('HMGET', keys[1], 'e', 'l')
  if m[1] == args[1] and m[2] == args[2] then
    redis.call('HSET', keys[1], 'c', m[2])
  end
  return { 'OK' }
end

-- lease: the number of a thousand client ids that nobody has. KEYS counter; ARGS where a new
-- counter starts.
local function lease(keys, args)
  redis.call('SET', keys[1], args[1], 'NX')
  return { 'OK', redis.call('INCR', keys[1]) }
end

-- What these write is small, and reading must go on when Redis is full.
local small = { 'allow-oom' }
redis.register_function('gavel_append', append)
redis.register_function('gavel_repair', repair)
redis.register_function { function_name = 'gavel_open', callback = open, flags = small }
redis.register_function { function_name = 'gavel_check', callback = check, flags = small }
redis.register_function { function_name = 'gavel_page', callback = page, flags = { 'no-writes' } }
redis.register_function { function_name = 'gavel_claim', callback = claim, flags = small }
redis.register_function { function_name = 'gavel_retain', callback = retain, flags = small }
redis.register_function {
  function_name = 'gavel_page_written',
  callback = page_written,
  flags = small,
}
redis.register_function { function_name = 'gavel_close', callback = close, flags = small }
redis.register_function { function_name = 'gavel_lease', callback = lease, flags = small }
