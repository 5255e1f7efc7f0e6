import django
from django.conf import settings

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["testserver"],
    SECRET_KEY="key",
)
django.setup()
from django.contrib.auth.models import User
from django.core.management import call_command
from django.http import JsonResponse
from django.template import engines
from django.test import Client
from django.urls import path

urlpatterns = [path("n/<int:n>", lambda request, n: JsonResponse({"n": n}))]
assert Client().get("/n/3").json() == {"n": 3}
assert engines["django"].from_string("{{ x|upper }}").render({"x": "<a>"}) == "&lt;A&gt;"
call_command("migrate", verbosity=0)
User.objects.create_user("ann", password="secret")
assert User.objects.get(username="ann").check_password("secret")
