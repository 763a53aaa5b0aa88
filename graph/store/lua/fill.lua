-- Adds resources to a generation that nobody reads yet. KEYS: meta, resources.
-- ARGV: epoch, term, generation, 1 for the first page, name of this filling, then field, value …
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'term', 'generation', 'filling')
if meta[1] ~= ARGV[1] then return {'EPOCH'} end
if meta[2] ~= ARGV[2] then return {'FENCED', meta[2]} end
-- a page that was late, or repeated since its answer was lost: what is read already has gone on since
if meta[3] == ARGV[3] then return {'OK'} end
-- what a leader left that ended before it was done would be there for ever
if ARGV[4] == '1' then
  redis.call('UNLINK', KEYS[2])
  redis.call('HSET', KEYS[1], 'filling', ARGV[5])
elseif meta[4] ~= ARGV[5] then
  return {'EPOCH'} -- it was begun anew meanwhile, by a page that was late: only a new epoch is whole for sure
end
for at = 6, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 1]) end
return {'OK'}
