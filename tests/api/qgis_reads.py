"""Reads layers by QGIS's OAPIF provider, without a window; run by the system's Python, which has QGIS.

Arguments: the landing page; JSON {name: {"layer", "uri", "subset", "crs", "rect", "expression", "label"}}.
Prints JSON {name: {"valid", "error", "count", "crs", "names", "features"}}, a feature as [label, x, y].
"""

from __future__ import annotations

import json
import os
import sys

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsDataSourceUri,
    QgsFeatureRequest,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
)


def read(root: str, question: dict) -> dict:
    uri = QgsDataSourceUri()
    uri.setParam("url", root)
    uri.setParam("typename", question["layer"])
    for name, value in question.get("uri", {}).items():
        uri.setParam(name, value)
    layer = QgsVectorLayer(uri.uri(), question["layer"], "OAPIF")
    if not layer.isValid():
        return {"valid": False, "error": layer.error().message()}
    if "subset" in question and not layer.setSubsetString(question["subset"]):
        return {"valid": False, "error": "the filter was not taken"}
    request = QgsFeatureRequest()
    if "crs" in question:
        target = QgsCoordinateReferenceSystem(question["crs"])
        request.setDestinationCrs(target, QgsProject.instance().transformContext())
    if "rect" in question:
        request.setFilterRect(QgsRectangle(*question["rect"]))
    if "expression" in question:
        request.setFilterExpression(question["expression"])
    count = layer.featureCount()
    features = []
    for feature in layer.getFeatures(request):
        place = feature.geometry().centroid().asPoint()
        features.append([feature[question.get("label", "name")], place.x(), place.y()])
    return {
        "valid": True,
        "error": layer.dataProvider().error().message(),
        "count": count,
        "crs": layer.crs().authid(),
        "names": [field.name() for field in layer.fields()],
        "features": features,
    }


def main() -> None:
    application = QgsApplication([], False)
    application.initQgis()
    root, questions = sys.argv[1], json.loads(sys.argv[2])
    answers = {name: read(root, question) for name, question in questions.items()}
    print("ANSWERS " + json.dumps(answers), flush=True)
    # QGIS is left without being closed: closing crashes some versions after all work is done.
    os._exit(0)


main()
