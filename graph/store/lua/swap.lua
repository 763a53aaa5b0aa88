-- Makes a filled generation the one that is read. KEYS: meta, its resources. ARGV: epoch, term, generation, prefix of resources,
-- name of the filling.
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'term', 'generation', 'former', 'filling')
if meta[1] ~= ARGV[1] then return {'EPOCH'} end
if meta[2] ~= ARGV[2] then return {'FENCED', meta[2]} end
if meta[3] == ARGV[3] then return {'OK'} end
if meta[5] ~= ARGV[5] then return {'EPOCH'} end
redis.call('HSET', KEYS[1], 'generation', ARGV[3])
local former = meta[3] or meta[4]
if former and former ~= ARGV[3] then redis.call('UNLINK', ARGV[4] .. former) end
redis.call('HDEL', KEYS[1], 'former', 'filling')
return {'OK'}
