-- A new leader takes the pen. KEYS: meta. ARGV: layout, term, a new epoch, the epoch that is known to be lost ('' for none).
-- The new epoch is used where there is none, and where the stored one is the lost one; its seq goes on, since the streams do.
-- Returns {"OK", epoch, seq, generation}, generation '' while nothing is loaded; or {"LAYOUT", stored}, {"FENCED", stored term}.
local meta = redis.call('HMGET', KEYS[1], 'layout', 'epoch', 'term', 'seq', 'generation')
if meta[2] and meta[1] ~= ARGV[1] then return {'LAYOUT', meta[1] or ''} end
if meta[2] and tonumber(meta[3]) > tonumber(ARGV[2]) then return {'FENCED', meta[3]} end
if not meta[2] or meta[2] == ARGV[4] then
  redis.call('HSET', KEYS[1], 'layout', ARGV[1], 'epoch', ARGV[3], 'term', ARGV[2], 'seq', meta[4] or '0')
  if meta[5] then redis.call('HSET', KEYS[1], 'former', meta[5]) end -- what swap.lua removes
  redis.call('HDEL', KEYS[1], 'generation', 'state', 'observed')
  return {'OK', ARGV[3], meta[4] or '0', ''}
end
redis.call('HSET', KEYS[1], 'term', ARGV[2])
return {'OK', meta[2], meta[4], meta[5] or ''}
