-- Which of these commands our user may not run. KEYS: a hash, a stream, a list, a set and a string that nobody else uses.
-- ARGV: names of commands. Returns names; whatever else may be wrong is told by those who use them in earnest.
local hash, stream, list, set, text = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local harmless = {
  GET = { text }, SET = { text, '', 'EX', '1' },
  HDEL = { hash, 'f' }, HGET = { hash, 'f' }, HGETALL = { hash }, HMGET = { hash, 'f' }, HSET = { hash, 'f', '' },
  LLEN = { list }, LPUSH = { list, '' }, LRANGE = { list, '0', '-1' }, RPOP = { list },
  SADD = { set, '' }, SMEMBERS = { set }, TIME = {}, UNLINK = { hash, stream, list, set, text },
  XADD = { stream, 'MAXLEN', '1', '*', 'f', '' }, XDEL = { stream, '0-1' }, XRANGE = { stream, '-', '+' },
  XREAD = { 'STREAMS', stream, '0-0' }, XTRIM = { stream, 'MAXLEN', '0' },
}
local missing = {}
local function try(name)
  local reply = redis.pcall(name, unpack(harmless[name]))
  local problem = type(reply) == 'table' and reply.err or ''
  -- Redis 6.2 and 7.0; later ones and Valkey
  if string.find(problem, "can't run this command", 1, true) or string.find(problem, 'no permissions to run', 1, true) then
    table.insert(missing, name)
  end
end
for _, name in ipairs(ARGV) do try(name) end
redis.pcall('UNLINK', unpack(KEYS))
return missing
