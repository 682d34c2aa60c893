"""Walk from the settings to the mail server and say what keeps mail from going out.

`run` looks and judges, `words.told` puts it in English or Chinese, `page.page` lays it out.
"""
