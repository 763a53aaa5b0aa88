-- The leader writes no more, and all that it wrote is here. KEYS: meta. ARGV: epoch, term, seq.
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'term', 'seq')
if meta[1] == ARGV[1] and meta[2] == ARGV[2] and meta[3] == ARGV[3] then redis.call('HSET', KEYS[1], 'line', 'closed') end
return {'OK'}
