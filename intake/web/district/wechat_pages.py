"""Every page of 公众号 on the desk, for the application factory."""

from intake.web.district import wechat_menu, wechat_templates
from intake.web.district.wechat import wechat_desk

__all__ = ["wechat_desk", "wechat_menu", "wechat_templates"]
