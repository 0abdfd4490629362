"""The configuration of an Asterisk under test: queues, Local members that answer or do not, pool agents, phones."""

MODULES = """
pbx_config app_queue app_agent_pool app_dial app_playback app_stack app_userevent app_originate app_chanspy app_echo
res_musiconhold res_timing_timerfd res_manager_devicestate res_manager_presencestate func_devstate func_callerid
func_channel func_logic func_db bridge_simple bridge_builtin_features bridge_softmix bridge_holding bridge_native_rtp
codec_ulaw format_wav format_pcm app_transfer
""".split()

PHONE_MODULES = {
    22: """res_sorcery_config res_sorcery_memory res_sorcery_astdb res_pjproject res_rtp_asterisk res_pjsip
        res_pjsip_session res_pjsip_registrar res_pjsip_endpoint_identifier_user res_pjsip_authenticator_digest
        res_pjsip_sdp_rtp res_pjsip_pubsub chan_pjsip""".split(),
    16: "res_sorcery_config res_pjproject res_rtp_asterisk chan_sip".split(),
}

EXTENSIONS = """
[agents]
exten => _1XXX,1,Answer()
 same => n,Wait(30)
 same => n,Hangup()
exten => _2XXX,1,Ringing()
 same => n,Wait(30)
exten => _3XXX,1,Answer()
 same => n,Wait(2)
 same => n,Hangup()
exten => _4XXX,1,Ringing()
 same => n,Wait(1.5)
 same => n,Answer()
 same => n,Wait(30)
exten => _5XXX,1,Dial(Local/6${EXTEN:1}@agents/n)
exten => _6XXX,1,Answer()
 same => n(talk),Playback(beep)
 same => n,Wait(0.1)
 same => n,Goto(talk)

[callers]
exten => waiter,1,Answer()
 same => n,Wait(60)
exten => 600,1,Answer()
 same => n,Wait(30)
exten => 700,1,Dial(Local/support@queues)

[queues]
exten => _[a-z].,1,Queue(${EXTEN},tT,,,${WAIT_S})
 same => n,Hangup()

[agentlogin]
exten => _X.,1,Answer()
 same => n,AgentLogin(${EXTEN})
 same => n,Hangup()

[phones]
exten => _X.,1,Answer()
 same => n,Wait(60)
"""

QUEUES = """
[general]
persistentmembers = yes
autofill = yes
[support]
strategy = ringall
timeout = 3
retry = 1
wrapuptime = 0
ringinuse = no
[sales]
strategy = ringall
timeout = 3
retry = 1
[static]
strategy = ringall
"""

MANAGER = """
[general]
enabled = yes
bindaddr = 127.0.0.1
port = {port}
timestampevents = {stamps}
[ccd]
secret = geheim
read = agent,system
write = agent
writetimeout = 5000
[deaf]
secret = geheim
read = system
write = agent
[queues]
secret = geheim
read = agent
[driver]
secret = geheim
read = all
write = all
writetimeout = 5000
"""


def files(version: int, port: int, sip_port: int, folder: str, modules: str, stamps: str) -> dict[str, str]:
    """File name → text, for an instance that lives in `folder` inside its tree."""
    directories = {
        "astetcdir": "etc",
        "astvarlibdir": "db",
        "astdbdir": "db",
        "astkeydir": "db",
        "astspooldir": "spool",
        "astrundir": "run",
        "astlogdir": "log",
        "astcachedir": "db",
    }
    own = "".join(f"{key} => {folder}/{name}\n" for key, name in directories.items())
    loads = "".join(f"load = {name}.so\n" for name in [*MODULES, *PHONE_MODULES[version]])
    shared = f"astmoddir => {modules}\nastdatadir => {folder}/data\nastsbindir => /usr/sbin\n"
    return {
        "asterisk.conf": f"[directories]\n{shared}{own}[options]\nverbose = 0\nnocolor = yes\n",
        "modules.conf": f"[modules]\nautoload = no\n{loads}",
        "manager.conf": MANAGER.format(port=port, stamps=stamps),
        "extensions.conf": EXTENSIONS,
        "queues.conf": QUEUES,
        "agents.conf": "[1009]\nfullname = Pool Nine\n[1010]\nfullname = Pool Ten\n",
        "indications.conf": "[general]\ncountry = us\n[us]\ndescription = US\nringcadence = 2000\ndial = 350+440\n",
        "features.conf": "[featuremap]\natxfer = *2\n",
        "logger.conf": "[general]\nqueue_log = yes\n[logfiles]\nmessages = notice,warning,error\n",
        **(_pjsip(sip_port) if version >= 18 else _sip(sip_port)),
    }


def _pjsip(port: int) -> dict[str, str]:
    return {
        "pjsip.conf": f"""
[udp]
type = transport
protocol = udp
bind = 127.0.0.1:{port}
[7001]
type = endpoint
transport = udp
context = phones
disallow = all
allow = ulaw
aors = 7001
[7001]
type = aor
max_contacts = 1
remove_existing = yes
minimum_expiration = 1
default_expiration = 60
"""
    }


def _sip(port: int) -> dict[str, str]:
    return {
        "sip.conf": f"""
[general]
udpbindaddr = 127.0.0.1:{port}
minexpiry = 1
context = phones
[7001]
type = friend
host = dynamic
context = phones
disallow = all
allow = ulaw
"""
    }
