"""区政协工作人员: the blueprint its pages hang on, and how the desk writes a day."""

from datetime import date

from flask import Blueprint
from flask_babel import format_date, get_locale

district = Blueprint("district", __name__, url_prefix="/d")
WEEKDAYS = ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日")


@district.app_template_filter("calendar_day")
def calendar_day(day: date, *, year: bool = False) -> str:
    """11 月 3 日; Nov 3 in English. With `year`, for papers that are looked up in other years: 2026 年 11 月 3 日; Nov 3, 2026."""
    if _english():
        return str(format_date(day, "MMM d, y" if year else "MMM d"))
    return f"{day.year} 年 {day.month} 月 {day.day} 日" if year else f"{day.month} 月 {day.day} 日"


@district.app_template_filter("calendar_month")
def calendar_month(day: date) -> str:
    """2026 年 11 月; Nov 2026 in English."""
    return str(format_date(day, "MMM y")) if _english() else f"{day.year} 年 {day.month} 月"


@district.app_template_filter("week_day")
def week_day(day: date) -> str:
    """11 月 3 日 星期二; Tuesday, Nov 3 in English."""
    if _english():
        return str(format_date(day, "EEEE, MMM d"))
    return f"{calendar_day(day)} {WEEKDAYS[day.weekday()]}"


def _english() -> bool:
    locale = get_locale()
    return locale is not None and locale.language == "en"
