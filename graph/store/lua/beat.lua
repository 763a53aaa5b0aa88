-- The leader says how fresh it is. KEYS: meta. ARGV: epoch, term, seq, state, observed.
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'term', 'seq')
if meta[1] ~= ARGV[1] then return {'EPOCH'} end
if meta[2] ~= ARGV[2] then return {'FENCED', meta[2]} end
if tonumber(meta[3]) < tonumber(ARGV[3]) then return {'SEQ', meta[3]} end
redis.call('HSET', KEYS[1], 'state', ARGV[4], 'observed', ARGV[5])
return {'OK'}
