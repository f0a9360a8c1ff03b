-- POSTs the lines of a file, each once, from one on; all lines have one length:  wrk -s webhooks.lua URL -- FILE FIRST
local file, length

function init(arguments)
   wrk.method = "POST"
   wrk.headers["Content-Type"] = "text/plain"
   file = assert(io.open(arguments[1]))
   length = #file:read("*l")
   file:seek("set", tonumber(arguments[2]) * (length + 1))
end

function request()
   local body = file:read(length, 1)
   if not body then
      print("no lines are left")
      wrk.thread:stop()
   end
   return wrk.format(nil, nil, nil, body)
end

local diagnose = os.getenv("BENCHMARK_DIAGNOSE")
if diagnose then dofile(diagnose) end
