"""What is asked before a file comes in."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired

from klimawerk.web.forms import RadioButtons


class ImportFileForm(FlaskForm):
    """A file to look at."""

    file = FileField(_("File"), [FileRequired(_("Please choose a file."))])


class ImportConfirmForm(FlaskForm):
    """On which side the person stands who imports; the choices carry the municipalities' names."""

    side = RadioButtons(_("Which municipality do you belong to?"), default="de")
