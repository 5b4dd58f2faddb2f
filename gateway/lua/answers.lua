-- Shapes what the transcoder gives and what Envoy itself refuses into the answers of the REST surfaces.
-- The tables STATUS_OF_REASON, JSON_NAMES and NULLS come before this text; they are generated from the protos.

local CODE_OF_STATUS = {
  [400] = "INVALID_INPUT", [401] = "UNAUTHENTICATED", [403] = "PERMISSION_DENIED", [404] = "NOT_FOUND",
  [405] = "METHOD_NOT_ALLOWED", [408] = "DEADLINE_EXCEEDED", [409] = "CONFLICT", [413] = "PAYLOAD_TOO_LARGE",
  [415] = "INVALID_INPUT", [422] = "INVALID_INPUT", [429] = "RATE_LIMITED", [431] = "PAYLOAD_TOO_LARGE",
  [500] = "INTERNAL", [501] = "NOT_FOUND", [502] = "UNAVAILABLE", [503] = "UNAVAILABLE", [504] = "DEADLINE_EXCEEDED",
}

local GRPC_HEADERS = { "grpc-status", "grpc-message", "grpc-accept-encoding", "grpc-status-details-bin" }

local ESCAPES = {
  ['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t",
}

local function quoted(text)
  return '"' .. text:gsub('[%c"\\]', function(c) return ESCAPES[c] or string.format("\\u%04x", c:byte()) end) .. '"'
end

-- Reading JSON -------------------------------------------------------------------------------------------------

-- The position after the string that begins at `at` with its quote.
local function after_string(text, at)
  local i = at + 1
  while true do
    local hit = text:find('["\\]', i)
    if not hit then return #text + 1 end
    if text:byte(hit) == 34 then return hit + 1 end
    i = hit + 2
  end
end

local function after_space(text, at)
  return text:find("[^ \t\r\n]", at) or #text + 1
end

-- The position after the value that begins at `at`.
local function after_value(text, at)
  local first = text:byte(at)
  if first == 34 then return after_string(text, at) end
  if first ~= 123 and first ~= 91 then return text:find("[,}%] \t\r\n]", at) or #text + 1 end
  local depth, i = 1, at + 1
  while depth > 0 do
    local hit = text:find('["%[%]{}]', i)
    if not hit then return #text + 1 end
    local c = text:byte(hit)
    if c == 34 then
      i = after_string(text, hit)
    else
      if c == 123 or c == 91 then depth = depth + 1 else depth = depth - 1 end
      i = hit + 1
    end
  end
  return i
end

-- Calls visit(key, position of the value) for each member of the object at `at`; the key as it is written.
-- visit returns the position after the value. Returns the position of the closing brace.
local function each_member(text, at, visit)
  local i = after_space(text, at + 1)
  while text:byte(i) == 34 do
    local close = after_string(text, i)
    local key = text:sub(i + 1, close - 2)
    i = after_space(text, visit(key, after_space(text, after_space(text, close) + 1)))
    if text:byte(i) == 44 then i = after_space(text, i + 1) end
  end
  return i
end

local function member(text, at, wanted)
  local found
  if text:byte(at) ~= 123 then return nil end
  each_member(text, at, function(key, value)
    if key == wanted then found = value end
    return after_value(text, value)
  end)
  return found
end

local function raw(text, at) return at and text:sub(at, after_value(text, at) - 1) end

local function unquoted(literal) return literal and literal:sub(2, -2) end

-- Nulls --------------------------------------------------------------------------------------------------------

-- Copies the value at `at` to `out`, with a null for every nullable field of its type that is not there.
local function with_nulls(text, at, kind, out)
  local shape = NULLS[kind]
  local first = text:byte(at)
  if not shape or (first ~= 123 and first ~= 91) then
    local stop = after_value(text, at)
    out[#out + 1] = text:sub(at, stop - 1)
    return stop
  end
  if first == 91 then
    out[#out + 1] = "["
    local i = after_space(text, at + 1)
    local count = 0
    while text:byte(i) ~= 93 and i <= #text do
      if count > 0 then out[#out + 1] = "," end
      i = after_space(text, with_nulls(text, i, kind, out))
      count = count + 1
      if text:byte(i) == 44 then i = after_space(text, i + 1) end
    end
    out[#out + 1] = "]"
    return i + 1
  end
  out[#out + 1] = "{"
  local seen, count = {}, 0
  local close = each_member(text, at, function(key, value)
    seen[key] = true
    if count > 0 then out[#out + 1] = "," end
    count = count + 1
    out[#out + 1] = '"' .. key .. '":'
    return with_nulls(text, value, shape.children[key], out)
  end)
  for _, name in ipairs(shape.nullable) do
    if not seen[name] then
      if count > 0 then out[#out + 1] = "," end
      count = count + 1
      out[#out + 1] = '"' .. name .. '":null'
    end
  end
  out[#out + 1] = "}"
  return close + 1
end

-- Errors -------------------------------------------------------------------------------------------------------

-- What a google.rpc.Status in JSON says: reason, message and details, the last two as JSON text; and seconds to wait.
local function read_status(body)
  local reason, metadata, fields, retry
  local message = raw(body, member(body, 1, "message")) or '""'
  local i = member(body, 1, "details")
  if i and body:byte(i) == 91 then
    i = after_space(body, i + 1)
    while body:byte(i) == 123 do
      local kind = unquoted(raw(body, member(body, i, "@type"))) or ""
      if kind:find("ErrorInfo", 1, true) then
        reason = unquoted(raw(body, member(body, i, "reason")))
        metadata = raw(body, member(body, i, "metadata"))
      elseif kind:find("BadRequest", 1, true) then
        fields = raw(body, member(body, i, "fieldViolations"))
      elseif kind:find("RetryInfo", 1, true) then
        retry = tonumber((unquoted(raw(body, member(body, i, "retryDelay"))) or ""):match("^([%d.]+)s$"))
      end
      i = after_space(body, after_value(body, i))
      if body:byte(i) == 44 then i = after_space(body, i + 1) end
    end
  end
  return reason, message, metadata, fields, retry
end

-- The details of an error: what ErrorInfo tells, and the fields that are wrong with what is wrong with each.
local function details_of(request_id, metadata, fields)
  local inner = metadata and metadata:match("^{%s*(.-)%s*}$") or ""
  if inner == "" then inner = '"request_id":' .. quoted(request_id) end
  if not fields then return "{" .. inner .. "}" end
  -- The transcoder prints BadRequest's newer, empty `reason` along; within a string the quotes would be escaped.
  fields = fields:gsub(',"reason":""', "")
  return "{" .. inner .. ',"fields":' .. fields .. "}"
end

local function flat(key)
  return function(code, message, details)
    return '{"' .. key .. '":' .. message .. ',"code":' .. quoted(code) .. ',"details":' .. details .. "}"
  end
end

-- Where it is not known that an interaction was queued, the answer also says to send it again, as its document has it.
local function tracked(code, message, details)
  local shaped = flat("error")(code, message, details)
  if code ~= "UNAVAILABLE" and code ~= "DEADLINE_EXCEEDED" then return shaped end
  return shaped:sub(1, -2) .. ',"status":"retry","message":' .. message .. ',"event_id":null}'
end

local SHAPES = {
  contact_intelligence = function(code, message, details)
    return '{"error":{"code":' .. quoted(code) .. ',"message":' .. message .. ',"details":' .. details .. "}}"
  end,
  interactions = flat("error"),
  calls = flat("error"),
  tracking = tracked,
  conversations = flat("detail"),
}

-- What the conversations surface says of a fault on our side, with the time at which it was answered.
local function fault(message, request_id)
  return '{"error":"Internal server error","message":' .. message .. ',"timestamp":"' ..
    os.date("!%Y-%m-%dT%H:%M:%SZ") .. '","request_id":' .. quoted(request_id) .. "}"
end

-- A field that the transcoder names as the protos do, in the names of the surface's JSON.
local function in_json(surface, field)
  local names = JSON_NAMES[surface] or {}
  return (field:gsub("[%w_]+", names))
end

-- What Envoy itself says, in words for a caller; and the field that it speaks of where it names one, with what is wrong.
local function local_message(surface, status, text)
  local parameter = text:match('Could not find field "([^"]*)"')
  if parameter then return "unknown query parameter: " .. parameter, parameter, "is not a parameter of this operation" end
  if status == 401 then return "no valid bearer token: " .. (text ~= "" and text or "missing") end
  if status == 413 then return "the request is larger than this operation takes" end
  if status == 429 then return "too many requests to this operation" end
  if status == 431 then return "the request headers are too large" end
  if status == 503 then return "the service is not available; try again" end
  if status == 504 or status == 408 then return "the service did not answer in time" end
  -- What the transcoder says may hold what the caller wrote, so of its words only the field is taken.
  local overridden = text:match("of the field ([%w_.]+) is conflicting")
  if overridden then
    overridden = in_json(surface, overridden)
    return overridden .. ": is given by the path, otherwise", overridden, "is given by the path, otherwise"
  end
  text = text:gsub("^[A-Z_]+:%s*", "")
  local field = text:match("^([%w_.]+): .* for type [%w_.]+")
  if not field then field = text:match("^: invalid value .* for type ([%w_.]+)") end
  if field then
    field = in_json(surface, field)
    local time = text:find("Timestamp", 1, true)
    local what = time and "must be an RFC 3339 time, such as 2026-01-31T09:00:00Z" or "has a wrong value"
    return field .. ": " .. what, field, what
  end
  if status == 400 then return "the request could not be read" end
  return text ~= "" and text or "the request was refused"
end

local function shape_error(h, surface, status)
  local noted = h:streamInfo():dynamicMetadata():get("kith")
  local request_id = noted and noted.request_id or ""
  local body = h:body(true)
  local text = body:getBytes(0, body:length())
  local code = CODE_OF_STATUS[status] or "INTERNAL"
  local reason, message, metadata, fields, retry
  if text:byte(1) == 123 and member(text, 1, "code") then
    reason, message, metadata, fields, retry = read_status(text)
  else
    local words, field, what = local_message(surface, status, text)
    message = quoted(words)
    if field then fields = '[{"field":' .. quoted(field) .. ',"description":' .. quoted(what) .. "}]" end
  end
  if reason then
    code = reason
    status = STATUS_OF_REASON[reason] or status
  end
  local shape = SHAPES[surface] or SHAPES.contact_intelligence
  local shaped = shape(code, message, details_of(request_id, metadata, fields))
  if surface == "conversations" and status == 500 then shaped = fault(message, request_id) end
  local headers = h:headers()
  body:setBytes(shaped)
  headers:replace(":status", tostring(status))
  headers:replace("content-type", "application/json")
  headers:replace("content-length", tostring(#shaped))
  if status == 429 and not headers:get("retry-after") then
    headers:replace("retry-after", tostring(math.max(1, math.ceil(retry or 1))))
  end
  if status == 401 then headers:replace("www-authenticate", 'Bearer realm="kith"') end
end

-- The filter ---------------------------------------------------------------------------------------------------

function envoy_on_request(h)
  local headers = h:headers()
  -- What is no id may be anything; the server makes one of its own then.
  local id = headers:get("x-request-id") or ""
  if #id > 128 or not id:find("^[%w_.:-]+$") then
    headers:remove("x-request-id")
    id = ""
  end
  -- The scheme's name is written in any case; the token filter knows one.
  local token = (headers:get("authorization") or ""):match("^[bB][eE][aA][rR][eE][rR] +(.+)$")
  if token then headers:replace("authorization", "Bearer " .. token) end
  local context = h:filterContext()
  if not context:get("surface") then return end
  h:streamInfo():dynamicMetadata():set("kith", "request_id", id)
  if context:get("needs_key") and not h:headers():get("x-gateway-key") then
    h:respond({ [":status"] = "401" }, '{"code":16,"message":"this operation takes a gateway key in x-gateway-key",' ..
      '"details":[{"@type":"ErrorInfo","reason":"UNAUTHENTICATED"}]}')
  end
end

function envoy_on_response(h)
  local context = h:filterContext()
  local surface = context:get("surface")
  if not surface then return end
  local headers = h:headers()
  -- What the transcoder leaves of gRPC means nothing to a REST client.
  for _, name in ipairs(GRPC_HEADERS) do headers:remove(name) end
  local status = tonumber(headers:get(":status")) or 0
  if status >= 400 then return shape_error(h, surface, status) end
  if context:get("streams") then return headers:replace("content-type", "application/x-ndjson") end
  local chosen = headers:get("x-http-status")
  local kind = context:get("response")
  local unwrap = context:get("unwrap")
  if unwrap or (kind and NULLS[kind]) then
    local body = h:body(true)
    local text = body:getBytes(0, body:length())
    local out = {}
    if unwrap then text = raw(text, member(text, after_space(text, 1), unwrap)) or "{}" end
    with_nulls(text, after_space(text, 1), kind, out)
    local filled = table.concat(out)
    body:setBytes(filled)
    h:headers():replace("content-length", tostring(#filled))
  elseif chosen == "204" then
    h:body(true):setBytes("")
    headers = h:headers()
    headers:remove("content-length")
    headers:remove("content-type")
  end
  if chosen then
    headers = h:headers()
    headers:replace(":status", chosen)
    headers:remove("x-http-status")
  end
end
