"""A site around the endpoint, for try.mjs: its login lets everybody in."""

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

settings.configure(
    SECRET_KEY="for the trial only",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "try.sqlite3"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
)
django.setup()

from django.contrib.auth import get_user_model, login  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402

from weft_token import weft_token  # noqa: E402


@csrf_exempt
def log_in(request):
    login(request, get_user_model().objects.get(pk=1042))
    return HttpResponse(status=204)


# Shows that the endpoint is the exception, and not that nothing is guarded.
def form(request):
    return HttpResponse("sent")


urlpatterns = [path("weft/token", weft_token), path("try/login", log_in), path("try/form", form)]

call_command("migrate", verbosity=0)
get_user_model().objects.create_user(
    "mia", "mia@shop.example", pk=1042, first_name="Mia", last_name="Lindqvist"
)
application = get_wsgi_application()
