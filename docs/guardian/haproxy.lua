-- AutoGuard before HAProxy 2.5 or later with Lua: asks for every request, and leaves "allow", "deny" or "unknown" in txn.autoguard.
-- The request goes to the frontend autoguard_local of haproxy.cfg, which knows whether AutoGuard is up, and adds the key.
local check = "http://" .. os.getenv("AUTOGUARD_LOCAL") .. "/check"
local known = { [200] = "allow", [403] = "deny" }

core.register_action("autoguard", { "http-req" }, function(txn)
  local bearer = string.match(txn.f:req_fhdr("authorization") or "", "^[Bb][Ee][Aa][Rr][Ee][Rr] +(.+)$")
  -- Only these headers are sent: what a viewer says under the names of AutoGuard's own is not passed on.
  local answer = core.httpclient():get {
    url = check,
    timeout = 500,
    headers = {
      ["x-real-ip"] = { txn.f:src() },
      ["x-original-uri"] = { txn.f:pathq() },
      ["referer"] = { txn.f:req_fhdr("referer") or "" },
      ["x-decision-token"] = { bearer or "" },
    },
  }
  txn:set_var("txn.autoguard", known[answer and answer.status] or "unknown")
end, 0)
