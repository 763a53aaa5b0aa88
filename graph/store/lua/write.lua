-- Writes one batch, all of it or nothing. KEYS: meta, changes, transitions, log, actions, action order, resources.
-- ARGV: epoch, term, expected seq, items, kept changes, kept transitions, kept log, kept actions, the epoch as a number; then for
-- each item its sort (a kind, action, log), field, head, value, transition: see encode_change. Put together they are what the
-- change stream carries, so nothing is sent twice.
-- Returns {"OK", seq} (also when this very batch is there already) or {"EPOCH"}, {"FENCED", term}, {"SEQ", stored}.
local NIL = '\192'
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'term', 'seq')
if meta[1] ~= ARGV[1] then return {'EPOCH'} end
if meta[2] ~= ARGV[2] then return {'FENCED', meta[2]} end
local seq, expected, items = tonumber(meta[3]), tonumber(ARGV[3]), tonumber(ARGV[4])
if seq == expected + items then return {'OK', meta[3]} end -- the reply of this batch was lost: it is done
if seq ~= expected then return {'SEQ', meta[3]} end
local at = 10
for _ = 1, items do
  local sort, field, value, transition = ARGV[at], ARGV[at + 1], ARGV[at + 3], ARGV[at + 4]
  seq = seq + 1
  local id = string.format('%d-', seq) .. ARGV[9]
  redis.call('XADD', KEYS[2], id, sort, ARGV[at + 2] .. value .. transition)
  at = at + 5
  if sort == 'log' then
    redis.call('XADD', KEYS[4], id, 'v', value)
  elseif sort == 'action' then
    if redis.call('HSET', KEYS[5], field, value) == 1 then
      redis.call('LPUSH', KEYS[6], field)
      if redis.call('LLEN', KEYS[6]) > tonumber(ARGV[8]) then
        redis.call('HDEL', KEYS[5], redis.call('RPOP', KEYS[6]))
      end
    end
  else
    if value == NIL then
      redis.call('HDEL', KEYS[7], field)
    else
      redis.call('HSET', KEYS[7], field, value)
    end
    if transition ~= '' then redis.call('XADD', KEYS[3], id, 'x', transition) end
  end
end
local function trim(key, most, mark) -- remembers up to which seq history is incomplete
  if redis.call('XTRIM', key, 'MAXLEN', '~', most) > 0 and mark then
    local first = redis.call('XRANGE', key, '-', '+', 'COUNT', 1)[1]
    redis.call('HSET', KEYS[1], mark, string.format('%d', tonumber(string.match(first[1], '%d+')) - 1))
  end
end
trim(KEYS[2], ARGV[5])
trim(KEYS[3], ARGV[6], 'transitions_from')
trim(KEYS[4], ARGV[7], 'log_from')
redis.call('HSET', KEYS[1], 'seq', string.format('%d', seq))
return {'OK', string.format('%d', seq)}
