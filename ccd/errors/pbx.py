"""What came between us and a telephone switch, or what it said."""

from ccd.errors.root import CcdError, ProblemError


class PbxError(CcdError):
    """What stands between ccd and a telephone switch."""

    def __init__(self, pbx: str, *found: object) -> None:
        super().__init__(pbx, *found)
        self.pbx = pbx


class PbxUnreachableError(PbxError):
    """No connection to its manager port."""

    def __str__(self) -> str:
        pbx, host, port, reason = self.args
        return (
            f"PBX {pbx}: no connection to {host}:{port} ({reason}); "
            "see that Asterisk runs, and that `bindaddr` and `port` in manager.conf and any firewall let us in"
        )


class PbxTlsError(PbxUnreachableError):
    """Somebody answers at its manager port, and we can't be sure that it is the PBX, or it speaks no TLS."""

    def __str__(self) -> str:
        pbx, host, port, reason = self.args
        return (
            f"PBX {pbx}: no TLS with {host}:{port} ({reason}); see that `tls.ca` holds whoever "
            "signed its certificate, that it names this host, and that `port` is manager.conf's `tlsbindaddr`"
        )


class LoginRefusedError(PbxError):
    """Asterisk knows us not, or not from here."""

    def __str__(self) -> str:
        pbx, username, said = self.args
        return (
            f"PBX {pbx}: the manager account {username!r} was refused ({said}); "
            "compare its name, `secret`, `permit` and `deny` in manager.conf with the configuration"
        )


class NoAnswerError(PbxError):
    """An action was not answered in time: the connection is taken as dead."""

    def __str__(self) -> str:
        pbx, action, within_s = self.args
        return f"PBX {pbx}: no answer to {action} within {within_s:g} s; the connection is given up"


class ClockAheadError(PbxError):
    """Its time would be taken for everybody's, and days would close that have not been: it is not followed so."""

    def __str__(self) -> str:
        pbx, ahead_s = self.args
        return (
            f"PBX {pbx}: its clock is {ahead_s:.0f} s ahead of ours; it is not followed until both are right "
            "(clock_ahead_s_max says how far ahead it may be)"
        )


class NotAskedError(PbxError):
    """It is not connected, or about to stop: it was asked nothing, and does nothing."""

    def __str__(self) -> str:
        return f"PBX {self.pbx} can't be asked now, and nothing was done: see that it runs and ccd is connected to it"


class PbxLostError(PbxError):
    """The connection is over; `reason` is what the system says, if anything."""

    def __str__(self) -> str:
        pbx, reason = self.args
        return f"PBX {pbx}: the connection ended ({reason or 'closed by Asterisk'})"


class SwitchesNotFollowedError(CcdError):
    """Telephone switches that were looked at and can't be followed as they are."""

    def __str__(self) -> str:
        return "\n".join(self.args[0])


class CaptureError(CcdError):
    """What is to be replayed is not named, or can't be used."""

    exit_code = 2

    def __str__(self) -> str:
        return f"{self.args[0]}; name a file of AMI bytes (--ami) or a queue_log (--queue-log)"


class BackfillError(ProblemError):
    """Why what was missed of a PBX can't be filled from these files now. Nothing was changed. By the PBX's name."""

    sentence = "{name} can't be filled: {problem}"
    exit_code = 2


class BackwardsError(CaptureError):
    """Where what is to be replayed goes back in time, and by how many seconds: its figures would be wrong."""

    def __str__(self) -> str:
        where, back_s = self.args
        return f"{where}: goes back in time by {back_s:.0f} s; name files of one PBX, each once, lines in their order"
