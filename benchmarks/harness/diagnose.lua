-- Shows the first replies that are no success, after a run in which some were not.
local shown = 0

function response(status, headers, body)
   if (status < 200 or status > 299) and shown < 3 then
      shown = shown + 1
      print("answered " .. status .. " " .. string.sub(body, 1, 500))
   end
end
