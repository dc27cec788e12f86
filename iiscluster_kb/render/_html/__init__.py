"""The HTML report: each module prepares one section as data, ``page`` puts them through the templates.

    summary      the verdict in one sentence, and what was found      picture     the chain of each node, as a drawing
    matrix       causes by machines                                   findings    evidence, with bytes on demand
    plan         the checklist, the patches, what was proved          timeline    last-written times around the break
    extensions   from the objects that list one to its file           comparison  the nodes side by side
    media        what is at hand to take files from                   inventory   files used and not used

Beside them lie the templates (``*.html.j2``), the style sheet and the script, all of which go into the one file.
"""
