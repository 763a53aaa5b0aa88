-- Adds resources to a generation that nobody reads yet, or again what it holds already. KEYS: meta, resources.
-- ARGV: epoch, term, generation, 1 for the first page, then field, value …
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'term', 'generation')
if meta[1] ~= ARGV[1] then return {'EPOCH'} end
if meta[2] ~= ARGV[2] then return {'FENCED', meta[2]} end
-- what a leader left that ended before it was done would be there for ever
if ARGV[4] == '1' and meta[3] ~= ARGV[3] then redis.call('UNLINK', KEYS[2]) end
for at = 5, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 1]) end
return {'OK'}
