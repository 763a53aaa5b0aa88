-- Adds resources to a generation that nobody reads yet. KEYS: meta, resources. ARGV: epoch, term, then field, value …
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'term')
if meta[1] ~= ARGV[1] then return {'EPOCH'} end
if meta[2] ~= ARGV[2] then return {'FENCED', meta[2]} end
for at = 3, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 1]) end
return {'OK'}
