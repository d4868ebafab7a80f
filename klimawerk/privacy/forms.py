"""The form for erasing the own account: it asks for the present password."""

from __future__ import annotations

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import PasswordField
from wtforms.validators import InputRequired, Length


class EraseForm(FlaskForm):
    present_password = PasswordField(
        lazy_gettext("Present password"),
        [InputRequired(), Length(max=1000)],
        render_kw={"autocomplete": "current-password"},
    )
