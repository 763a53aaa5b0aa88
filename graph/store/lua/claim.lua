-- A new leader takes the pen. KEYS: meta. ARGV: layout, term, a new epoch, the epoch that is known to be lost ('' for none),
-- holder, lease, cluster (see Candidate; '' where it is not known), milliseconds after which a silent writer is gone, now,
-- 1 where there was something before, prefix of resources.
-- The new epoch is used where there is none, where the stored one is the lost one, and where something of it may be missing; its
-- seq goes on, since the streams do.
-- Returns {"OK", epoch, seq, generation}, generation '' while nothing is loaded; or {"LAYOUT", stored}, {"CLUSTER", stored},
-- {"WRITTEN", stored lease}, {"FENCED", stored term}.
local meta = redis.call(
  'HMGET', KEYS[1], 'layout', 'epoch', 'term', 'seq', 'generation', 'holder', 'lease', 'cluster', 'beaten', 'line'
)
local holder, lease, cluster = ARGV[5], ARGV[6], ARGV[7]
local function another(stored, ours) return stored and stored ~= '' and ours ~= '' and stored ~= ours end
if meta[2] then
  if meta[1] ~= ARGV[1] then return {'LAYOUT', meta[1] or ''} end
  if another(meta[8], cluster) then return {'CLUSTER', meta[8]} end
  local ours = (meta[6] or '') == holder
  if not ours and another(meta[7], lease) and meta[9] then -- terms of two Leases tell nothing of one another
    local time = redis.call('TIME')
    local silent = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) - tonumber(meta[9])
    -- a clock that was set back makes the dead look alive: their last word is of the future
    if math.abs(silent) < tonumber(ARGV[8]) then return {'WRITTEN', meta[7]} end
  end
  local stored, term = tonumber(meta[3]), tonumber(ARGV[2])
  if stored > term or (stored == term and not ours) then return {'FENCED', meta[3]} end
end
-- With each restart and each promotion a Redis takes another id for what it holds. What the last leader wrote last may then be
-- missing: it told every beat which one it wrote to, and that it wrote no more, should it have come to that; one of a term
-- between it and us may have left nothing here at all. '' where it could not be asked for.
local info = redis.pcall('INFO', 'replication')
local line, before = type(info) == 'string' and string.match(info, 'master_replid:(%w+)') or '', meta[10] or ''
local closed = before == 'closed' and tonumber(ARGV[2]) <= tonumber(meta[3]) + 1
local doubtful = line ~= '' and before ~= '' and before ~= line and not closed
redis.call('HSET', KEYS[1], 'term', ARGV[2], 'holder', holder, 'line', line)
if lease ~= '' then redis.call('HSET', KEYS[1], 'lease', lease) end
if cluster ~= '' then redis.call('HSET', KEYS[1], 'cluster', cluster) end
if not meta[2] or meta[2] == ARGV[4] then
  redis.call('HSET', KEYS[1], 'layout', ARGV[1], 'epoch', ARGV[3], 'seq', meta[4] or '0')
  -- of what was recorded before, something may be missing
  redis.call('HSET', KEYS[1], 'history_since', ARGV[9], 'history_lost', ARGV[10])
  if meta[5] then
    redis.call('HSET', KEYS[1], 'former', meta[5]) -- what swap.lua removes
  elseif meta[2] then
    redis.call('UNLINK', ARGV[11] .. meta[2]) -- given up half filled: nobody else knows its name
  end
  redis.call('HDEL', KEYS[1], 'generation', 'state', 'observed', 'beaten', 'behind')
  return {'OK', ARGV[3], meta[4] or '0', ''}
end
if doubtful then
  redis.call('HSET', KEYS[1], 'epoch', ARGV[3], 'history_since', ARGV[9], 'history_lost', '1')
  if not meta[5] then redis.call('UNLINK', ARGV[11] .. meta[2]) end
  return {'OK', ARGV[3], meta[4], meta[5] or ''}
end
return {'OK', meta[2], meta[4], meta[5] or ''}
