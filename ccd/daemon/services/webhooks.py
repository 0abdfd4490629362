"""The systems that are told of attendance, as they are configured."""

from functools import partial

from ccd.daemon.services.delivering import Hook
from ccd.settings import Settings
from ccd.settings.secrets import webhook_keys


def hooks_of(settings: Settings) -> tuple[Hook, ...]:
    return tuple(
        Hook(hook.name, hook.url, hook.kinds, partial(webhook_keys, hook.secret_file, "webhook.secret_file"))
        for hook in settings.webhook
    )
