"""Forms of the import: choosing a file, and confirming the import."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired

from klimawerk.web.forms import RadioButtons


class ImportFileForm(FlaskForm):
    """Upload of a file for the preview."""

    file = FileField(_("File"), [FileRequired(_("Please choose a file."))])


class ImportConfirmForm(FlaskForm):
    """The side to which the importing user belongs; the choices show the municipalities' names."""

    side = RadioButtons(_("Which municipality do you belong to?"), default="de")
