-- Asks the operator for an action, once per id. KEYS: asked (of this id), requests. ARGV: fingerprint, request, kept, seconds.
-- Returns "NEW", "AGAIN" (the same request was made before) or "OTHER" (the id was used for something else).
local known = redis.call('GET', KEYS[1])
if known then return known == ARGV[1] and 'AGAIN' or 'OTHER' end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], '*', 'v', ARGV[2])
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[4])
return 'NEW'
